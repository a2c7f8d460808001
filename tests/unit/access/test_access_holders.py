"""Everybody that a law knows, who of them may, and which groups would help."""

from __future__ import annotations

from tests.law.reading import NOON, read_question

from pratique.access import (
    AdminUser,
    Anonymous,
    Denied,
    DirectoryPrincipal,
    PermissionSet,
    Reason,
    Refusal,
    RegistryAction,
    RepositoryToken,
    decide,
)
from pratique.access.holders import every_subject, groups_that_may, who_can
from pratique.naming import RepositoryName
from pratique.testing.law_builder import LawBuilder, object_id

_APP = RepositoryName("team/app")


def _groups(builder: LawBuilder, asked: str = "dev pull team/app") -> tuple[str, ...]:
    verdict = decide(read_question(asked), builder.build(), NOON)
    assert isinstance(verdict, Denied)
    return groups_that_may(verdict, NOON)


def test_everybody_can_ask_but_groups() -> None:
    """People, service principals, tokens, the admin user and nobody in particular."""
    law = (
        LawBuilder()
        .user("dev", enabled=False)
        .service_principal("ci")
        .group("crew", "dev")
        .token("leaf", "gone")
        .build()
    )
    assert list(every_subject(law)) == [
        DirectoryPrincipal(object_id("dev")),
        DirectoryPrincipal(object_id("ci")),
        RepositoryToken("leaf"),
        AdminUser(),
        Anonymous(),
    ]


def test_who_can_tells_through_what() -> None:
    """Each of those who may comes with the verdict that says why."""
    law = (
        LawBuilder(admin_enabled=True)
        .user("dev")
        .user("ben")
        .group("crew", "dev")
        .assign("AcrPush", "crew")
        .token("leaf", "_repositories_push")
        .token("dry", "_repositories_pull")
        .build()
    )
    found = {h.subject: h.allowed for h in who_can(RegistryAction.PUSH, _APP, law, NOON)}
    assert {subject: allowed.reason for subject, allowed in found.items()} == {
        DirectoryPrincipal(object_id("dev")): Reason.ROLE_ASSIGNMENT,
        RepositoryToken("leaf"): Reason.SCOPE_MAP,
        AdminUser(): Reason.ADMIN_USER,
    }
    (consulted,) = found[DirectoryPrincipal(object_id("dev"))].consulted
    assert consulted.through_group == object_id("crew")


def test_groups_that_may_are_those_whose_members_may() -> None:
    """What is missing is a membership, in one of the groups that are told."""
    builder = (
        LawBuilder()
        .user("dev")
        .group("crew", "ben")
        .group("staff")
        .group("idle")
        .group("off", enabled=False)
        .assign("AcrPull", "crew")
        .assign("Owner", "staff")
        .assign("AcrDelete", "idle")
        .assign("Owner", "off")
    )
    assert _groups(builder) == (object_id("crew"), object_id("staff"))


def test_a_group_that_is_refused_does_not_help() -> None:
    """A deny assignment on the group would concern whoever joins it."""
    everything = Refusal(PermissionSet(("*",)))
    builder = LawBuilder().user("dev").group("crew").assign("AcrPull", "crew")
    assert _groups(builder.deny("night", everything, to=["crew"])) == ()


def test_what_is_open_to_all_needs_no_group() -> None:
    """A group that has nothing of its own is not told, whatever anonymous pull opens."""
    builder = LawBuilder(anonymous_pull=True).user("dev", enabled=False).group("crew")
    assert _groups(builder) == ()


def test_only_people_can_join_a_group() -> None:
    """For a token, or nobody, no membership helps."""
    builder = LawBuilder().group("crew").assign("Owner", "crew").token("leaf", "gone")
    assert _groups(builder, "token:leaf pull team/app") == ()
    assert _groups(builder, "anonymous pull team/app") == ()
