"""The operator's and developer's verbs: `fab --list`. Longer stories: docs/operations.md."""

from invoke.collection import Collection

from ops.verbs import backup, env, hosts, lab, logs, overview, site, status

namespace = Collection(
    site.provision,
    site.operators,
    site.drift,
    site.remove,
    site.maintenance,
    status.status,
    logs.logs,
    hosts.shell,
    hosts.run,
    Collection.from_module(backup, name="backup"),
    Collection.from_module(env, name="env"),
    Collection.from_module(lab, name="lab"),
)
namespace.add_task(overview.overview, name="help", default=True)
