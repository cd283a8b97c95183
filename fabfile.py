"""The operator's and developer's verbs: `fab --list`. Longer stories: docs/operations.md."""

from invoke.collection import Collection

from ops.verbs import (
    alerts,
    backup,
    dashboards,
    deploys,
    env,
    hosts,
    lab,
    logs,
    overview,
    processes,
    queries,
    restore,
    silences,
    site,
    status,
    trace,
)

namespace = Collection(
    site.provision,
    site.operators,
    site.drift,
    deploys.deploy,
    deploys.rollback,
    deploys.contract,
    site.drain,
    site.undrain,
    site.remove,
    site.maintenance,
    status.status,
    alerts.alerts,
    silences.silence,
    silences.silences,
    silences.unsilence,
    dashboards.dashboards,
    logs.logs,
    trace.trace,
    processes.dump,
    processes.memory,
    queries.queries,
    hosts.shell,
    hosts.run,
    restore.restore,
    Collection.from_module(backup, name="backup"),
    Collection.from_module(env, name="env"),
    Collection.from_module(lab, name="lab"),
)
namespace.add_task(overview.overview, name="help", default=True)
