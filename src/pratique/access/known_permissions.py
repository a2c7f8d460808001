"""The permissions that exist on a registry and what stands beside it (reference 4.2).

Roles are compared by how many of these they carry, so that the narrowest one can be proposed; and
what a change of the law would move is looked for among these.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from pratique.access.roles import RoleDefinition

_REGISTRIES = "Microsoft.ContainerRegistry/registries/"
_AUTHORIZATION = "Microsoft.Authorization/"
_WHOLE = ("read", "write", "delete")


def _each(prefix: str, resources: Iterable[str], verbs: Iterable[str]) -> tuple[str, ...]:
    kept = tuple(verbs)
    return tuple(f"{prefix}{resource}/{verb}" for resource in resources for verb in kept)


# The built-in directory stands above every registry: these are asked at `/`.
DIRECTORY_PREFIX = f"{_AUTHORIZATION}directory/"
DIRECTORY = _each(
    DIRECTORY_PREFIX,
    ("users", "groups", "servicePrincipals", "signingKeys", "attributes", "trusts"),
    _WHOLE,
)

# Whoever holds these rules over others: they stand above all else that a role can carry.
POWERS = (
    *_each(_AUTHORIZATION, ("roleAssignments", "roleDefinitions", "denyAssignments"), _WHOLE),
    *DIRECTORY,
)

REGISTRY_CONTROL = tuple(
    _REGISTRIES + name
    for name in (
        *_WHOLE,
        *("listCredentials/action", "regenerateCredential/action", "generateCredentials/action"),
        *("importImage/action", "listPolicies/read", "updatePolicies/write", "listUsages/read"),
        *_each("", ("tokens", "scopeMaps", "webhooks", "replications", "cacheRules"), _WHOLE),
        *_each("", ("credentialSets", "connectedRegistries", "tasks", "runs"), _WHOLE),
        *_each("", ("agentpools", "exportPipelines", "importPipelines", "pipelineRuns"), _WHOLE),
    )
)

DATA_BY_ACTIONS = tuple(
    _REGISTRIES + name
    for name in (
        *("pull/read", "push/write", "artifacts/delete", "metadata/read", "metadata/write"),
        *("quarantine/read", "quarantine/write", "sign/write"),
        *("deleted/read", "deleted/restore/action"),
    )
)

# The six that carry a repository's name, so that a condition can ask for it (reference 5.1).
REPOSITORY_DATA_ACTIONS = tuple(
    _REGISTRIES + name for name in _each("repositories/", ("content", "metadata"), _WHOLE)
)

DATA_ACTIONS = (
    *REPOSITORY_DATA_ACTIONS,
    *(
        _REGISTRIES + name
        for name in (
            *("catalog/read", "quarantinedArtifacts/read", "quarantinedArtifacts/write"),
            "trustedCollections/write",
        )
    ),
)

_ACTIONS = (*POWERS, *REGISTRY_CONTROL, *DATA_BY_ACTIONS)


@lru_cache(maxsize=4096)
def breadth(role: RoleDefinition) -> tuple[int, int]:
    """How much a role carries, to be compared: powers over others first, then everything."""
    actions = [p for p in _ACTIONS if role.grants_action(p)]
    data_actions = [p for p in DATA_ACTIONS if role.grants_data_action(p)]
    return sum(p in POWERS for p in actions), len(actions) + len(data_actions)


def repository_data_actions(role: RoleDefinition) -> tuple[str, ...]:
    """The data actions of a role that carry a repository's name."""
    return tuple(p for p in REPOSITORY_DATA_ACTIONS if role.grants_data_action(p))
