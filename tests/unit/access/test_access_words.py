"""What a refusal says, and what would help."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from tests.law.reading import read_question

from pratique.access import (
    EVERY_REPOSITORY,
    Allowed,
    Consulted,
    Denied,
    DirectoryPrincipal,
    FolderOwner,
    Outcome,
    Question,
    Reason,
    RegistryAction,
    RoleMode,
    decide,
    remedies,
    sentence,
)
from pratique.naming import RepositoryName
from pratique.testing.law_builder import LawBuilder, object_id

_PULL = "Microsoft.ContainerRegistry/registries/pull/read"
_READER = "Container Registry Repository Reader"
_DEV = object_id("dev")
_SIX_ROLES = ("AcrDelete", "AcrImageSigner", "AcrQuarantineReader", "AcrQuarantineWriter")


@dataclass(frozen=True)
class Refusal:
    """A question that is refused on a law, with the words for it."""

    reason: Reason
    law: LawBuilder
    asked: str
    says: str
    helps: tuple[str, ...] = ()


def _dev(mode: RoleMode = RoleMode.RBAC) -> LawBuilder:
    return LawBuilder(mode=mode).user("dev")


_REFUSALS = (
    Refusal(
        Reason.NOT_AUTHENTICATED,
        LawBuilder(),
        "anonymous pull team/app",
        "authentication required",
        ("docker login", "pratique anonymous-pull on"),
    ),
    Refusal(
        Reason.NOT_AUTHENTICATED,
        LawBuilder(anonymous_pull=True),
        "anonymous push team/app",
        "authentication required",
        ("docker login",),
    ),
    Refusal(
        Reason.TOKEN_DOES_NOT_COVER,
        _dev(),
        "dev push team/app holding repository:team/app:pull",
        "the access token was not made for `push` on the repository `team/app`",
        ("docker logout, then docker login",),
    ),
    Refusal(
        Reason.PRINCIPAL_UNKNOWN,
        LawBuilder(),
        "dev pull team/app",
        f"`{_DEV}` is not in this registry's directory any more",
    ),
    Refusal(
        Reason.PRINCIPAL_DISABLED,
        LawBuilder().user("dev", enabled=False),
        "dev pull team/app",
        "`dev` is disabled",
        (f"pratique user enable {_DEV}",),
    ),
    Refusal(
        Reason.PRINCIPAL_DISABLED,
        LawBuilder().service_principal("dev", enabled=False),
        "dev pull team/app",
        "`dev` is disabled",
        (f"pratique sp enable {_DEV}",),
    ),
    Refusal(
        Reason.NO_ROLE_ASSIGNMENT,
        _dev(),
        "dev pull team/app",
        f"`dev` does not have the permission `{_PULL}` on the repository `team/app`: "
        "no role is assigned to it",
        (f'pratique role assign "AcrPull" --to {_DEV}',),
    ),
    Refusal(
        Reason.NO_ROLE_ASSIGNMENT,
        _dev(RoleMode.ABAC),
        "dev catalog registry",
        "`dev` does not have the permission `Microsoft.ContainerRegistry/registries/catalog/read` "
        "on the registry `demoregistry`: no role is assigned to it",
        (f'pratique role assign "Container Registry Repository Catalog Lister" --to {_DEV}',),
    ),
    Refusal(
        Reason.NO_ROLE_GRANTS_IT,
        _dev().assign("AcrDelete", "dev").assign("AcrDelete", "dev").assign("AcrPull", "gone"),
        "dev pull team/app",
        f"`dev` does not have the permission `{_PULL}` on the repository `team/app`: "
        "it is not carried by `AcrDelete`",
        (f'pratique role assign "AcrPull" --to {_DEV}',),
    ),
    Refusal(
        Reason.NO_ROLE_GRANTS_IT,
        _dev(RoleMode.ABAC).assign("AcrDelete", "dev").assign("AcrPull", "dev"),
        "dev pull team/app",
        "`dev` does not have the permission "
        "`Microsoft.ContainerRegistry/registries/repositories/content/read` on the repository "
        "`team/app`: its role `AcrPull` is not honoured while the registry is in mode abac",
        (f'pratique role assign "{_READER}" --to {_DEV}',),
    ),
    Refusal(
        Reason.NO_ROLE_GRANTS_IT,
        _dev().assign(_READER, "dev"),
        "dev pull team/app",
        f"`dev` does not have the permission `{_PULL}` on the repository `team/app`: "
        f"its role `{_READER}` is not honoured while the registry is in mode rbac",
        (f'pratique role assign "AcrPull" --to {_DEV}',),
    ),
    Refusal(
        Reason.NO_ROLE_GRANTS_IT,
        _dev(RoleMode.ABAC).assign(_READER, "dev"),
        "dev pull *",
        "`dev` does not have the permission "
        "`Microsoft.ContainerRegistry/registries/repositories/content/read` on every repository: "
        "while the registry is in mode abac, repositories are asked for one by one",
    ),
    Refusal(
        Reason.ADMIN_USER_DISABLED,
        LawBuilder(),
        "admin-user pull team/app",
        "the admin user of this registry is disabled",
        ("pratique admin-user enable",),
    ),
    Refusal(
        Reason.TOKEN_DISABLED,
        LawBuilder().token("leaf", "_repositories_pull", enabled=False),
        "token:leaf pull team/app",
        "the token `leaf` is disabled",
        ("pratique token enable leaf",),
    ),
    Refusal(
        Reason.SCOPE_MAP_MISSING,
        LawBuilder().token("leaf", "gone"),
        "token:leaf pull team/app",
        "the scope map of the token `leaf` does not exist any more",
        ("pratique scope-map create gone --allow 'team/app:content/read'",),
    ),
    Refusal(
        Reason.SCOPE_MAP_DOES_NOT_COVER,
        LawBuilder().scope_map("mine").token("leaf", "mine"),
        "token:leaf metadata_write *",
        "the scope map of the token `leaf` does not allow `metadata_write` on every repository",
        ("pratique scope-map update mine --allow '*:metadata/write'",),
    ),
    Refusal(
        Reason.SCOPE_MAP_DOES_NOT_COVER,
        LawBuilder().token("leaf", "_repositories_pull"),
        "token:leaf push team/app",
        "the scope map of the token `leaf` does not allow `push` on the repository `team/app`",
        (
            (
                "pratique scope-map create MAP --allow 'team/app:content/write' "
                "&& pratique token create TOKEN --scope-map MAP"
            ),
        ),
    ),
    Refusal(
        Reason.SCOPE_MAP_DOES_NOT_COVER,
        LawBuilder().scope_map("mine").token("leaf", "mine"),
        "token:leaf catalog registry",
        "the scope map of the token `leaf` does not allow `catalog` on the registry `demoregistry`",
    ),
    Refusal(
        Reason.NOT_FOR_THIS_KIND,
        LawBuilder(admin_enabled=True),
        "admin-user Microsoft.ContainerRegistry/registries/read registry",
        "the admin user may handle images only, and "
        "`Microsoft.ContainerRegistry/registries/read` is for directory identities",
    ),
)
_DENYING = {refusal.reason for refusal in _REFUSALS}


@pytest.mark.parametrize("refusal", _REFUSALS, ids=lambda r: f"{r.reason}: {r.asked}")
def test_refusal_says_who_what_and_why(refusal: Refusal) -> None:
    """The sentence names the one who asked, what is missing and where; the remedies would help."""
    law = refusal.law.build()
    verdict = decide(read_question(refusal.asked), law)
    assert isinstance(verdict, Denied)
    assert verdict.reason is refusal.reason
    assert sentence(verdict, law) == refusal.says
    assert remedies(verdict, law) == refusal.helps


@pytest.mark.parametrize("reason", sorted(set(Reason) - _DENYING))
def test_reason_that_allows_has_no_sentence_of_refusal(reason: Reason) -> None:
    """Every reason without a refusal above allows, and is refused a sentence and a remedy."""
    law = LawBuilder().build()
    forged = Denied(read_question("anonymous pull team/app"), reason)
    with pytest.raises(ValueError, match="it has no sentence of refusal"):
        sentence(forged, law)
    assert remedies(forged, law) == ()


@pytest.mark.parametrize(
    ("permission", "role"),
    [
        ("Microsoft.ContainerRegistry/registries/read", "Reader"),
        (
            "Microsoft.ContainerRegistry/registries/write",
            "Container Registry Contributor and Data Access Configuration Administrator",
        ),
        (
            "Microsoft.Authorization/roleAssignments/write",
            "Role Based Access Control Administrator",
        ),
        ("Microsoft.ContainerRegistry/registries/importImage/action", "Contributor"),
        ("Microsoft.Authorization/roleDefinitions/write", "Owner"),
    ],
)
def test_least_role_is_advised_for_a_control_action(permission: str, role: str) -> None:
    """The advice is the narrowest role that carries the permission, at the level asked about."""
    law = _dev().build()
    verdict = decide(read_question(f"dev {permission} other-subscription"), law)
    assert isinstance(verdict, Denied)
    assert remedies(verdict, law) == (
        f'pratique role assign "{role}" --to {_DEV} --scope "/subscriptions/quay2"',
    )


def test_sentence_about_a_level_names_it() -> None:
    """A control action is refused with the scope it was asked for."""
    law = _dev().assign("AcrPull", "dev").build()
    verdict = decide(read_question("dev Microsoft.Authorization/locks/write subscription"), law)
    assert isinstance(verdict, Denied)
    assert sentence(verdict, law) == (
        "`dev` does not have the permission `Microsoft.Authorization/locks/write` on "
        "`/subscriptions/quay`: its roles are assigned at another scope"
    )


def test_sentence_tells_of_roles_that_are_gone() -> None:
    """Assignments whose role no longer exists are the reason when there are no others."""
    law = _dev().assign("Harbour Master", "dev").build()
    verdict = decide(read_question("dev pull team/app"), law)
    assert isinstance(verdict, Denied)
    assert sentence(verdict, law).endswith(": its roles no longer exist")


def test_sentence_stays_short_however_many_roles_fail() -> None:
    """Three roles are named and the others counted."""
    builder = _dev()
    for role in _SIX_ROLES:
        builder.assign(role, "dev")
    for number in range(1000):
        builder.role(f"Pilot {number}").assign(f"Pilot {number}", "dev")
    law = builder.build()
    verdict = decide(read_question("dev pull team/app"), law)
    assert isinstance(verdict, Denied)
    assert sentence(verdict, law).endswith(
        "it is not carried by `AcrDelete`, `AcrImageSigner`, `AcrQuarantineReader` and 1001 more"
    )


def test_names_cannot_break_the_line() -> None:
    """Control characters in the names of people and roles do not reach the sentence."""
    name = "dev\r\nSet-Cookie: a=b\x00\u202e"
    law = LawBuilder().user(name).role("Pi\nlot").assign("Pi\nlot", name).build()
    subject = DirectoryPrincipal(object_id(name))
    asked = Question(subject, RegistryAction.PULL, RepositoryName("team/app"))
    verdict = decide(asked, law)
    assert isinstance(verdict, Denied)
    words = sentence(verdict, law)
    assert words.isprintable()
    assert words.startswith("`dev??Set-Cookie: a=b??` does not have")
    assert words.endswith("it is not carried by `Pi?lot`")


def test_folder_owner_has_a_name_too() -> None:
    """A refusal of the folder's owner, narrowed by a token, can be put into words."""
    law = LawBuilder().build()
    asked = Question(FolderOwner(), RegistryAction.PULL, EVERY_REPOSITORY)
    denied = Denied(asked, Reason.PRINCIPAL_DISABLED)
    assert sentence(denied, law) == "the owner of the data folder is disabled"


def test_consulted_tells_the_group_between() -> None:
    """An assignment that is held through a group names that group."""
    law = LawBuilder().user("dev").group("crew", "dev").assign("AcrPull", "crew").build()
    verdict = decide(read_question("dev pull team/app"), law)
    assert isinstance(verdict, Allowed)
    (assignment,) = law.assignments[object_id("crew")]
    assert verdict.consulted == (
        Consulted(assignment, "AcrPull", Outcome.MATCHED, object_id("crew")),
    )
