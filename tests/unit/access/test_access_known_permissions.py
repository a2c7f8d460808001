"""The permissions that exist (reference 4.2), and how much of them a role carries."""

from __future__ import annotations

import pytest

from pratique.access import BUILT_IN_ROLES
from pratique.access.known_permissions import (
    DATA_ACTIONS,
    DATA_BY_ACTIONS,
    DIRECTORY,
    POWERS,
    REGISTRY_CONTROL,
    REPOSITORY_DATA_ACTIONS,
    breadth,
    repository_data_actions,
)
from pratique.access.permissions import is_permission
from pratique.testing.law_builder import role_id

_REGISTRIES = "Microsoft.ContainerRegistry/registries/"
_AUTHORIZATION = "Microsoft.Authorization/"

# As reference 4.2 lists them: what stands after the prefix, the verbs of each in braces.
_CONTROL = """
read write delete listCredentials/action regenerateCredential/action generateCredentials/action
importImage/action listPolicies/read updatePolicies/write listUsages/read
tokens/{} scopeMaps/{} webhooks/{} replications/{} cacheRules/{} credentialSets/{}
connectedRegistries/{} tasks/{} runs/{} agentpools/{} exportPipelines/{} importPipelines/{}
pipelineRuns/{}
"""
_DATA_BY_ACTIONS = """
pull/read push/write artifacts/delete metadata/read metadata/write quarantine/read quarantine/write
sign/write deleted/read deleted/restore/action
"""
_REPOSITORIES = "repositories/content/{} repositories/metadata/{}"
_OTHER_DATA = """
catalog/read quarantinedArtifacts/read quarantinedArtifacts/write trustedCollections/write
"""
_RULES = "roleAssignments/{} roleDefinitions/{} denyAssignments/{}"
_DIRECTORY = """
directory/users/{} directory/groups/{} directory/servicePrincipals/{} directory/signingKeys/{}
directory/attributes/{} directory/trusts/{}
"""


def _listed(prefix: str, text: str) -> set[str]:
    return {
        prefix + (word.format(verb) if "{}" in word else word)
        for word in text.split()
        for verb in ("read", "write", "delete")
    }


@pytest.mark.parametrize(
    ("known", "listed"),
    [
        (REGISTRY_CONTROL, _listed(_REGISTRIES, _CONTROL)),
        (DATA_BY_ACTIONS, _listed(_REGISTRIES, _DATA_BY_ACTIONS)),
        (REPOSITORY_DATA_ACTIONS, _listed(_REGISTRIES, _REPOSITORIES)),
        (DATA_ACTIONS, _listed(_REGISTRIES, _REPOSITORIES + _OTHER_DATA)),
        (DIRECTORY, _listed(_AUTHORIZATION, _DIRECTORY)),
        (POWERS, _listed(_AUTHORIZATION, _RULES + _DIRECTORY)),
    ],
)
def test_known_permissions_are_those_of_the_reference(
    known: tuple[str, ...], listed: set[str]
) -> None:
    """Each stands once, has the form of a permission, and none is missing."""
    assert sorted(known) == sorted(listed)
    assert all(map(is_permission, known))


def test_powers_over_others_weigh_more_than_anything() -> None:
    """A role that rules over others is broader than any that does not, whatever that carries."""
    contributor, administrator, owner, push, pull, lister = (
        breadth(BUILT_IN_ROLES[role_id(name)])
        for name in (
            *("Contributor", "Role Based Access Control Administrator", "Owner"),
            *("AcrPush", "AcrPull", "Container Registry Repository Catalog Lister"),
        )
    )
    assert lister == pull == (0, 1)
    assert push == (0, 2)
    assert push < contributor < administrator < owner
    assert owner == (len(POWERS), len(POWERS) + len(REGISTRY_CONTROL) + len(DATA_BY_ACTIONS))


@pytest.mark.parametrize(
    ("role", "carried"),
    [
        ("Container Registry Repository Reader", "content/read metadata/read"),
        (
            "Container Registry Repository Writer",
            "content/read content/write metadata/read metadata/write",
        ),
        ("Container Registry Repository Contributor", "content/{} metadata/{}"),
        ("Container Registry Repository Catalog Lister", ""),
        ("AcrPush", ""),
    ],
)
def test_a_condition_can_bind_what_carries_a_name(role: str, carried: str) -> None:
    """The data actions of a role that are about one repository, and no others."""
    found = repository_data_actions(BUILT_IN_ROLES[role_id(role)])
    assert set(found) == _listed(f"{_REGISTRIES}repositories/", carried)
