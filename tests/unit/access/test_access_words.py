"""What a refusal says."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from tests.law.reading import NOON, bound_to, read_question

from pratique.access import (
    EVERY_REPOSITORY,
    THE_REGISTRY,
    Allowed,
    Consulted,
    ControlAction,
    Denied,
    DirectoryPrincipal,
    FolderOwner,
    Outcome,
    PermissionSet,
    Question,
    Reason,
    Refusal,
    RegistryAction,
    RoleMode,
    cause,
    decide,
    grounds,
    meaning,
    sentence,
)
from pratique.naming import RepositoryName
from pratique.testing.law_builder import LawBuilder, object_id

_PULL = "Microsoft.ContainerRegistry/registries/pull/read"
_CONTENT_READ = "Microsoft.ContainerRegistry/registries/repositories/content/read"
_READER = "Container Registry Repository Reader"
_DEV = object_id("dev")
_SIX_ROLES = ("AcrDelete", "AcrImageSigner", "AcrQuarantineReader", "AcrQuarantineWriter")


@dataclass(frozen=True)
class Refused:
    """A question that is refused on a law, with the words for it."""

    reason: Reason
    law: LawBuilder
    asked: str
    says: str


def _dev(mode: RoleMode = RoleMode.RBAC) -> LawBuilder:
    return LawBuilder(mode=mode).user("dev")


_REFUSALS = (
    Refused(
        Reason.NOT_AUTHENTICATED,
        LawBuilder(),
        "anonymous pull team/app",
        "authentication required",
    ),
    Refused(
        Reason.NOT_AUTHENTICATED,
        LawBuilder(anonymous_pull=True),
        "anonymous push team/app",
        "authentication required",
    ),
    Refused(
        Reason.TOKEN_DOES_NOT_COVER,
        _dev(),
        "dev push team/app holding repository:team/app:pull",
        "the access token was not made for `push` on the repository `team/app`",
    ),
    Refused(
        Reason.PRINCIPAL_UNKNOWN,
        LawBuilder(),
        "dev pull team/app",
        f"`{_DEV}` is not in this registry's directory any more",
    ),
    Refused(
        Reason.PRINCIPAL_DISABLED,
        LawBuilder().user("dev", enabled=False),
        "dev pull team/app",
        "`dev` is disabled",
    ),
    Refused(
        Reason.PRINCIPAL_DISABLED,
        LawBuilder().service_principal("dev", enabled=False),
        "dev pull team/app",
        "`dev` is disabled",
    ),
    Refused(
        Reason.NO_ROLE_ASSIGNMENT,
        _dev(),
        "dev pull team/app",
        f"`dev` does not have the permission `{_PULL}` on the repository `team/app`: "
        "no role is assigned to it",
    ),
    Refused(
        Reason.NO_ROLE_ASSIGNMENT,
        _dev(RoleMode.ABAC),
        "dev catalog registry",
        "`dev` does not have the permission `Microsoft.ContainerRegistry/registries/catalog/read` "
        "on the registry `demoregistry`: no role is assigned to it",
    ),
    Refused(
        Reason.NO_ROLE_GRANTS_IT,
        _dev().assign("AcrDelete", "dev").assign("AcrDelete", "dev").assign("AcrPull", "gone"),
        "dev pull team/app",
        f"`dev` does not have the permission `{_PULL}` on the repository `team/app`: "
        "it is not carried by `AcrDelete`",
    ),
    Refused(
        Reason.NO_ROLE_GRANTS_IT,
        _dev(RoleMode.ABAC).assign("AcrDelete", "dev").assign("AcrPull", "dev"),
        "dev pull team/app",
        "`dev` does not have the permission "
        "`Microsoft.ContainerRegistry/registries/repositories/content/read` on the repository "
        "`team/app`: its role `AcrPull` is not honoured while the registry is in mode abac",
    ),
    Refused(
        Reason.NO_ROLE_GRANTS_IT,
        _dev().assign(_READER, "dev"),
        "dev pull team/app",
        f"`dev` does not have the permission `{_PULL}` on the repository `team/app`: "
        f"its role `{_READER}` is not honoured while the registry is in mode rbac",
    ),
    Refused(
        Reason.NO_ROLE_GRANTS_IT,
        _dev(RoleMode.ABAC).assign(_READER, "dev"),
        "dev pull *",
        "`dev` does not have the permission "
        "`Microsoft.ContainerRegistry/registries/repositories/content/read` on every repository: "
        "while the registry is in mode abac, repositories are asked for one by one",
    ),
    Refused(
        Reason.CONDITION_NOT_MET,
        _dev(RoleMode.ABAC)
        .assign("AcrPull", "dev")
        .assign(_READER, "dev", condition=bound_to(_READER, "web/*"))
        .assign("Container Registry Repository Writer", "dev", condition="@Environment["),
        "dev pull team/app",
        f"`dev` does not have the permission `{_CONTENT_READ}` on the repository `team/app`: "
        f"it has the role `{_READER}` under a condition that is not met here",
    ),
    Refused(
        Reason.CONDITION_NOT_MET,
        _dev().assign("AcrPull", "dev", condition="@Environment["),
        "dev pull team/app",
        f"`dev` does not have the permission `{_PULL}` on the repository `team/app`: "
        "the condition under which it has the role `AcrPull` cannot be read",
    ),
    Refused(
        Reason.CONDITION_NOT_MET,
        _dev().assign("AcrPull", "dev", condition="@Environment[isPrivateLink] BoolEquals true"),
        "dev pull team/app",
        f"`dev` does not have the permission `{_PULL}` on the repository `team/app`: "
        "the condition under which it has the role `AcrPull` cannot be evaluated here",
    ),
    Refused(
        Reason.DENY_ASSIGNMENT,
        _dev().assign("Owner", "dev").deny("night", Refusal(PermissionSet(("*",)))),
        "dev pull team/app",
        f"`dev` does not have the permission `{_PULL}` on the repository `team/app`: "
        "a deny assignment refuses it, whatever its roles grant",
    ),
    Refused(
        Reason.UNKNOWN_ACTION,
        _dev().assign("Owner", "dev"),
        "dev Microsoft.ContainerRegistry/registries/* registry",
        "`Microsoft.ContainerRegistry/registries/*` is not the name of an action",
    ),
    Refused(
        Reason.ADMIN_USER_DISABLED,
        LawBuilder(),
        "admin-user pull team/app",
        "the admin user of this registry is disabled",
    ),
    Refused(
        Reason.TOKEN_DISABLED,
        LawBuilder().token("leaf", "_repositories_pull", enabled=False),
        "token:leaf pull team/app",
        "the token `leaf` is disabled",
    ),
    Refused(
        Reason.SCOPE_MAP_MISSING,
        LawBuilder().token("leaf", "gone"),
        "token:leaf pull team/app",
        "the scope map of the token `leaf` does not exist any more",
    ),
    Refused(
        Reason.SCOPE_MAP_DOES_NOT_COVER,
        LawBuilder().scope_map("mine").token("leaf", "mine"),
        "token:leaf metadata_write *",
        "the scope map of the token `leaf` does not allow `metadata_write` on every repository",
    ),
    Refused(
        Reason.SCOPE_MAP_DOES_NOT_COVER,
        LawBuilder().token("leaf", "_repositories_pull"),
        "token:leaf push team/app",
        "the scope map of the token `leaf` does not allow `push` on the repository `team/app`",
    ),
    Refused(
        Reason.SCOPE_MAP_DOES_NOT_COVER,
        LawBuilder().scope_map("mine").token("leaf", "mine"),
        "token:leaf catalog registry",
        "the scope map of the token `leaf` does not allow `catalog` on the registry `demoregistry`",
    ),
    Refused(
        Reason.NOT_FOR_THIS_KIND,
        LawBuilder(admin_enabled=True),
        "admin-user Microsoft.ContainerRegistry/registries/read registry",
        "the admin user may handle images only, and "
        "`Microsoft.ContainerRegistry/registries/read` is for directory identities",
    ),
)
_DENYING = {refusal.reason for refusal in _REFUSALS}


@pytest.mark.parametrize("refusal", _REFUSALS, ids=lambda r: f"{r.reason}: {r.asked}")
def test_refusal_says_who_what_and_why(refusal: Refused) -> None:
    """The sentence names the one who asked, what is missing and where."""
    law = refusal.law.build()
    verdict = decide(read_question(refusal.asked), law, NOON)
    assert isinstance(verdict, Denied)
    assert verdict.reason is refusal.reason
    assert sentence(verdict, law) == refusal.says


@pytest.mark.parametrize("reason", sorted(set(Reason) - _DENYING))
def test_reason_that_allows_has_no_sentence_of_refusal(reason: Reason) -> None:
    """Every reason without a refusal above allows, and is refused a sentence."""
    law = LawBuilder().build()
    forged = Denied(read_question("anonymous pull team/app"), reason, law)
    with pytest.raises(ValueError, match="it has no sentence of refusal"):
        sentence(forged, law)


def test_sentence_about_a_level_names_it() -> None:
    """A control action is refused with the scope it was asked for."""
    law = _dev().assign("AcrPull", "dev").build()
    verdict = decide(
        read_question("dev Microsoft.Authorization/locks/write subscription"), law, NOON
    )
    assert isinstance(verdict, Denied)
    assert sentence(verdict, law) == (
        "`dev` does not have the permission `Microsoft.Authorization/locks/write` on "
        "`/subscriptions/quay`: its roles are assigned at another scope"
    )


def test_sentence_tells_of_roles_that_are_gone() -> None:
    """Assignments whose role no longer exists are the reason when there are no others."""
    law = _dev().assign("Harbour Master", "dev").build()
    verdict = decide(read_question("dev pull team/app"), law, NOON)
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
    verdict = decide(read_question("dev pull team/app"), law, NOON)
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
    verdict = decide(asked, law, NOON)
    assert isinstance(verdict, Denied)
    words = sentence(verdict, law)
    assert words.isprintable()
    assert words.startswith("`dev??Set-Cookie: a=b??` does not have")
    assert words.endswith("it is not carried by `Pi?lot`")


def test_names_in_an_action_that_is_none_cannot_break_the_line() -> None:
    """What somebody wrote in the place of a permission is printed without control characters."""
    law = LawBuilder().build()
    asked = Question(FolderOwner(), ControlAction("a/read\r\nb"), THE_REGISTRY)
    verdict = decide(asked, law, NOON)
    assert isinstance(verdict, Denied)
    assert sentence(verdict, law) == "`a/read??b` is not the name of an action"


def test_folder_owner_has_a_name_too() -> None:
    """A refusal of the folder's owner, narrowed by a token, can be put into words."""
    law = LawBuilder().build()
    asked = Question(FolderOwner(), RegistryAction.PULL, EVERY_REPOSITORY)
    denied = Denied(asked, Reason.PRINCIPAL_DISABLED, law)
    assert sentence(denied, law) == "the owner of the data folder is disabled"


def test_consulted_tells_the_group_between() -> None:
    """An assignment that is held through a group names that group."""
    law = LawBuilder().user("dev").group("crew", "dev").assign("AcrPull", "crew").build()
    verdict = decide(read_question("dev pull team/app"), law, NOON)
    assert isinstance(verdict, Allowed)
    (assignment,) = law.assignments_of(object_id("crew"))
    assert verdict.consulted == (
        Consulted(assignment, "AcrPull", Outcome.MATCHED, object_id("crew")),
    )


@pytest.mark.parametrize(
    ("law", "asked", "says"),
    [
        (
            _dev().role("Pi\nlot", actions=("*",)).assign("Pi\nlot", "dev"),
            "dev pull team/app",
            "the role `Pi?lot` grants it",
        ),
        (
            LawBuilder(admin_enabled=True),
            "admin-user pull team/app",
            "the admin user may handle every image",
        ),
        (
            LawBuilder().token("leaf", "_repositories_pull"),
            "token:leaf pull team/app",
            "its scope map allows it",
        ),
        (LawBuilder(anonymous_pull=True), "anonymous pull team/app", "anonymous pull is on"),
        (LawBuilder(), "folder-owner pull team/app", "it owns the data folder"),
    ],
)
def test_leave_says_on_what_grounds(law: LawBuilder, asked: str, says: str) -> None:
    """Every reason that allows has words, and a role is named without control characters."""
    verdict = decide(read_question(asked), law.build(), NOON)
    assert isinstance(verdict, Allowed)
    assert grounds(verdict) == says


def test_every_outcome_has_a_meaning() -> None:
    """What became of a rule can be said after the rule's name."""
    assert {outcome.value: meaning(outcome) for outcome in Outcome} == {
        "matched": "grants it",
        "other-scope": "is assigned at another scope",
        "role-missing": "names a role that does not exist any more",
        "role-lacks-action": "does not carry the permission",
        "other-registry-mode": "is not honoured in the registry's role mode",
        "condition-false": "its condition is not met",
        "condition-unknown": "its condition cannot be evaluated here",
        "condition-unreadable": "its condition cannot be read",
        "denies": "refuses it",
        "deny-excludes": "excludes the principal",
        "deny-other-scope": "stands at another scope",
        "deny-other-action": "does not name the permission",
        "deny-condition-false": "its condition is not met",
    }


@pytest.mark.parametrize("refused", _REFUSALS, ids=lambda r: f"{r.reason}: {r.asked}")
def test_cause_is_the_end_of_the_sentence(refused: Refused) -> None:
    """What is told to those who know already who was refused, what, and where."""
    law = refused.law.build()
    verdict = decide(read_question(refused.asked), law, NOON)
    assert isinstance(verdict, Denied)
    told = cause(verdict, law)
    assert refused.says.endswith(told)
    _, lacks, rest = refused.says.partition(" does not have the permission ")
    assert told == (rest.split(": ", 1)[1] if lacks else refused.says)


def test_who_has_no_role_is_told_first_that_all_repositories_cannot_be_asked() -> None:
    """Where repositories are judged one by one, no role would help with `repository:*`."""
    law = _dev(RoleMode.ABAC).build()
    verdict = decide(read_question("dev pull *"), law, NOON)
    assert isinstance(verdict, Denied)
    assert cause(verdict, law) == (
        "while the registry is in mode abac, repositories are asked for one by one"
    )
