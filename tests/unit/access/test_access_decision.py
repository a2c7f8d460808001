"""What a verdict holds besides its reason."""

from __future__ import annotations

import pytest
from tests.law.reading import NOON, bound_to, read_question

from pratique.access import (
    Allowed,
    Consulted,
    Denied,
    Law,
    Outcome,
    PermissionSet,
    Refusal,
    RoleMode,
    decide,
)
from pratique.testing import law_builder
from pratique.testing.law_builder import LawBuilder, object_id

_NAME = "@Request[Microsoft.ContainerRegistry/registries/repositories:name]"
_READER = "Container Registry Repository Reader"
_TIMED = "@Environment[UtcNow] DateTimeLessThan '{}-01-01T00:00:00Z'"
_UNTIMED = "Exists @Environment[isPrivateLink]"
_EVERYTHING = PermissionSet(("*",), data_actions=("*",))


def _verdict(law: Law, asked: str = "dev pull team/app") -> Allowed | Denied:
    return decide(read_question(asked), law, NOON)


def _dev(mode: RoleMode = RoleMode.RBAC, *, anonymous_pull: bool = False) -> LawBuilder:
    return LawBuilder(mode=mode, anonymous_pull=anonymous_pull).user("dev").group("crew", "dev")


@pytest.mark.parametrize(
    ("condition", "failed"),
    [
        (
            bound_to(_READER, "web/*", "base"),
            f"{_NAME} StringStartsWith 'web/' OR {_NAME} StringEquals 'base'",
        ),
        (f"{_NAME} StringLike '*' AND {_NAME} StringEquals 'web'", f"{_NAME} StringEquals 'web'"),
        (
            "@Environment[isPrivateLink] BoolEquals true",
            "@Environment[isPrivateLink] BoolEquals true",
        ),
        (f"{_NAME} StringEquals", "the text ends too early at line 1"),
    ],
)
def test_a_condition_that_failed_tells_its_smallest_part(condition: str, failed: str) -> None:
    """The part on which it failed, found by the evaluator that judged; or why it is unreadable."""
    law = _dev(RoleMode.ABAC).assign(_READER, "dev", condition=condition).build()
    (consulted,) = _verdict(law).consulted
    assert consulted.failed.partition(",")[0] == failed


def test_a_rule_without_a_failed_condition_tells_of_none() -> None:
    """Neither a match nor a role that lacks the action has a part that failed."""
    law = _dev().assign("AcrDelete", "dev").assign("AcrPull", "dev").build()
    assert [consulted.failed for consulted in _verdict(law).consulted] == ["", ""]


def test_the_permission_that_failed_last_is_told_of() -> None:
    """Where two permissions allow an action, the condition is told for one that the role grants."""
    law = (
        _dev()
        .assign("AcrPull", "dev", condition="!(ActionMatches{'*/pull/read'})")
        .role("Lister", actions=("*/metadata/read",))
        .assign("Lister", "dev", condition="!(ActionMatches{'*/metadata/read'})")
        .build()
    )
    told = [consulted.failed for consulted in _verdict(law, "dev metadata_read team/app").consulted]
    assert told == ["!(ActionMatches{'*/pull/read'})", "!(ActionMatches{'*/metadata/read'})"]


def test_rules_tell_by_which_group_they_concern_somebody() -> None:
    """Assignments and denials name the group between; what names everyone names none."""
    refusal = Refusal(PermissionSet(("*/delete",)))
    law = (
        _dev()
        .deny("night", refusal)
        .deny("day", refusal, to=["crew"])
        .deny("dawn", refusal, to=["dev", "crew"])
        .assign("AcrDelete", "dev", law_builder.ROOT)
        .assign("AcrDelete", "crew")
        .assign("AcrDelete", "crew", law_builder.MANAGEMENT_GROUP)
        .build()
    )
    crew = object_id("crew")
    consulted = _verdict(law).consulted
    assert [(c.role_name, c.through_group) for c in consulted] == [
        ("dawn", None),
        ("day", crew),
        ("night", None),
        ("AcrDelete", None),
        ("AcrDelete", crew),
        ("AcrDelete", crew),
    ]
    assert [c.rule_id[-1] for c in consulted] == ["2", "1", "0", "0", "1", "2"]


def test_what_stands_elsewhere_comes_last_with_its_group() -> None:
    """Another scope's assignments are listed for the principal and for each of its groups."""
    elsewhere = type(law_builder.ROOT)("/subscriptions/quay2")
    law = (
        _dev()
        .assign("AcrPull", "crew", elsewhere)
        .assign("Harbour Master", "dev", elsewhere)
        .assign("AcrDelete", "crew")
        .build()
    )
    told = [(c.role_name, c.outcome, c.through_group) for c in _verdict(law).consulted]
    crew = object_id("crew")
    assert told == [
        ("AcrDelete", Outcome.ROLE_LACKS_ACTION, crew),
        (law_builder.role_id("Harbour Master"), Outcome.OTHER_SCOPE, None),
        ("AcrPull", Outcome.OTHER_SCOPE, crew),
    ]


@pytest.mark.parametrize(
    ("law", "depends"),
    [
        (_dev().assign("AcrPull", "dev"), False),
        (_dev().assign("AcrPull", "dev", condition=_TIMED.format(2027)), True),
        # A condition that was false may be true at another time, so that it would refuse.
        (
            _dev()
            .deny("night", Refusal(_EVERYTHING, _TIMED.format(2020)))
            .assign("AcrPull", "dev"),
            True,
        ),
        (
            _dev(anonymous_pull=True).deny("night", Refusal(_EVERYTHING, _TIMED.format(2020))),
            True,
        ),
        (_dev(anonymous_pull=True).assign("AcrPull", "dev", condition=_UNTIMED), False),
        (_dev(anonymous_pull=True), False),
        (
            _dev()
            .assign("AcrPush", "dev", condition=_TIMED.format(2020))
            .assign("AcrPull", "dev", condition=_TIMED.format(2027)),
            True,
        ),
        (
            _dev().assign("AcrPull", "dev", condition=f"NOT {_UNTIMED}"),
            False,
        ),
        (_dev().assign("AcrDelete", "dev", condition=_TIMED.format(2020)), None),
    ],
)
def test_leave_tells_whether_it_hangs_on_the_time(law: LawBuilder, *, depends: bool | None) -> None:
    """It does when any rule that was weighed asks for the time."""
    verdict = _verdict(law.build())
    assert (verdict.depends_on_time if isinstance(verdict, Allowed) else None) is depends


def test_a_verdict_that_is_known_needs_no_more_rules() -> None:
    """Nothing after the rule that matched is looked at."""
    law = _dev().assign("AcrPull", "dev").assign("AcrPush", "dev").assign("Owner", "crew").build()
    verdict = _verdict(law)
    first, *_ = law.assignments_of(object_id("dev"))
    assert verdict.consulted == (Consulted(first, "AcrPull", Outcome.MATCHED, None),)
