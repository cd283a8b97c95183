"""The operator's and developer's verbs: `fab --list`. Longer stories: docs/operations.md."""

from invoke.collection import Collection

from ops.verbs import env, lab

namespace = Collection(
    Collection.from_module(env, name="env"),
    Collection.from_module(lab, name="lab"),
)
