"""What the review of a law finds, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.law.reading import NOON, bound_to

from pratique.access import Law, RoleMode
from pratique.access.review import Fault, Finding, Use, Uses, review
from pratique.testing import law_builder
from pratique.testing.law_builder import LawBuilder, object_id

_READER = "Container Registry Repository Reader"
_TODAY = NOON.date()
_DAYS = 90
_LONG_AGO = _TODAY - timedelta(days=400)
# Assignments of the builder are made in 1970.
_EXPIRED = "@Environment[UtcNow] DateTimeLessThan '2026-01-01T00:00:00Z'"


def _found(law: Law, uses: Uses | None = None, at: datetime = NOON) -> list[tuple[int, Fault]]:
    return [(_number(f), f.fault) for f in review(law, uses or Uses(), at, _DAYS)]


def _number(finding: Finding) -> int:
    return int(finding.assignment.assignment_id[-4:], 16)


def _dev(mode: RoleMode = RoleMode.RBAC) -> LawBuilder:
    return LawBuilder(mode=mode).user("dev").group("crew", "dev")


def _used(uses: Mapping[int, tuple[set[str], int]], since: date = _LONG_AGO) -> Uses:
    """Uses by the number of the assignment: the words, and how many days ago the last one was."""
    return Uses(
        since,
        {
            f"00000000-0000-0000-0000-{number:012x}": Use(
                frozenset(words), _TODAY - timedelta(days=ago)
            )
            for number, (words, ago) in uses.items()
        },
    )


def test_nothing_is_the_matter_with_a_grant_that_counts() -> None:
    """A law without faults gives no findings, and one without records judges no use."""
    law = _dev().assign("AcrPull", "dev").assign("AcrDelete", "crew").build()
    assert _found(law) == []


@pytest.mark.parametrize(
    ("law", "faults"),
    [
        (_dev().assign("AcrPull", "ghost"), [Fault.ORPHANED]),
        (_dev().assign("Harbour Master", "ghost"), [Fault.ORPHANED]),
        (_dev().assign("Harbour Master", "dev"), [Fault.ROLE_MISSING]),
        (
            LawBuilder().user("dev", enabled=False).assign("AcrPull", "dev"),
            [Fault.HOLDER_DISABLED],
        ),
        (
            LawBuilder().group("crew", "dev", enabled=False).assign("AcrPull", "crew"),
            [Fault.HOLDER_DISABLED],
        ),
        (
            LawBuilder().user("dev", enabled=False).assign("AcrPull", "dev", condition=_EXPIRED),
            [Fault.HOLDER_DISABLED, Fault.EXPIRED],
        ),
        (_dev().assign("AcrPull", "dev", condition="@Request["), [Fault.UNREADABLE]),
        (_dev().assign("AcrPull", "dev", condition=_EXPIRED), [Fault.EXPIRED]),
        (_dev().assign(_READER, "dev"), [Fault.NOT_HONOURED]),
        (
            _dev().assign("Container Registry Repository Catalog Lister", "dev"),
            [Fault.NOT_HONOURED],
        ),
        (_dev(RoleMode.ABAC).assign("AcrPull", "dev"), [Fault.NOT_HONOURED]),
        (_dev(RoleMode.ABAC).assign("AcrPush", "dev"), [Fault.NOT_HONOURED]),
        (_dev(RoleMode.ABAC).assign("AcrDelete", "dev"), [Fault.NOT_HONOURED]),
    ],
)
def test_a_grant_that_means_nothing_is_found(law: LawBuilder, faults: list[Fault]) -> None:
    """Nobody holds it, its role is gone, it is over, cannot be read, or does not count here."""
    assert [fault for _, fault in _found(law.build())] == faults


@pytest.mark.parametrize("mode", RoleMode)
@pytest.mark.parametrize(
    "role",
    [
        *("Owner", "Contributor", "Reader", "AcrImageSigner", "AcrQuarantineReader"),
        *("User Access Administrator", "Role Based Access Control Administrator"),
        *(
            "Container Registry Data Importer and Data Reader",
            "Container Registry Tasks Contributor",
        ),
    ],
)
def test_a_role_with_something_else_in_it_is_honoured(mode: RoleMode, role: str) -> None:
    """What carries control rights, or rights beyond images, counts in both modes."""
    assert _found(_dev(mode).assign(role, "dev").build()) == []


@pytest.mark.parametrize(
    ("actions", "data_actions", "not_honoured"),
    [
        (("pull/read",), (), True),
        (("pull/read", "push/write"), (), True),
        (("pull/read", "importImage/action"), (), False),
        (("importImage/action",), (), False),
        (("pull/read",), ("repositories/content/read",), False),
        (("*",), (), False),
        ((), (), False),
    ],
)
def test_a_role_of_nothing_but_foreign_data_rights_is_not_honoured(
    actions: tuple[str, ...], data_actions: tuple[str, ...], *, not_honoured: bool
) -> None:
    """Where data actions decide, a role of actions on images only means nothing."""
    prefix = "Microsoft.ContainerRegistry/registries/"
    builder = _dev(RoleMode.ABAC).role(
        "Pilot",
        actions=tuple(prefix + name for name in actions),
        data_actions=tuple(prefix + name for name in data_actions),
    )
    found = _found(builder.assign("Pilot", "dev").build())
    assert found == ([(0, Fault.NOT_HONOURED)] if not_honoured else [])


def test_a_condition_expires_at_its_moment() -> None:
    """The moment itself is the first one at which it is over."""
    law = _dev().assign("AcrPull", "dev", condition=_EXPIRED).build()
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert _found(law, at=moment - timedelta(microseconds=1)) == []
    assert _found(law, at=moment) == [(0, Fault.EXPIRED)]


def test_of_two_that_are_alike_the_later_is_the_duplicate() -> None:
    """The one that stays is named, so that not both are taken away."""
    law = _dev().assign("AcrPull", "dev").assign("AcrPull", "dev").build()
    (finding,) = review(law, Uses(), NOON, _DAYS)
    assert (_number(finding), finding.fault) == (1, Fault.DUPLICATED)
    assert finding.other is not None
    assert finding.other.assignment_id < finding.assignment.assignment_id


@pytest.mark.parametrize(
    ("law", "found"),
    [
        # The same role above, by the same holder or by a group it is in.
        (_dev().assign("AcrPull", "dev").assign("AcrPull", "dev", law_builder.SUBSCRIPTION), [0]),
        (_dev().assign("AcrPull", "dev").assign("AcrPull", "crew"), [0]),
        (_dev().assign("AcrPull", "crew", law_builder.ROOT).assign("AcrPull", "dev"), [1]),
        # The same one without a condition beside one with.
        (
            _dev(RoleMode.ABAC)
            .assign(_READER, "dev", condition=bound_to(_READER, "web/*"))
            .assign(_READER, "dev"),
            [0],
        ),
        # Another role, a holder who is no group of ours, a scope below or beside, a condition.
        (_dev().assign("AcrPull", "dev").assign("AcrPush", "dev"), []),
        (_dev().user("ben").assign("AcrPull", "crew").assign("AcrPull", "ben"), []),
        (
            _dev(RoleMode.ABAC)
            .assign(_READER, "dev")
            .assign(_READER, "crew", condition=bound_to(_READER, "web/*")),
            [],
        ),
    ],
)
def test_a_duplicate_is_one_whose_every_right_another_grants(
    law: LawBuilder, found: list[int]
) -> None:
    """The other one has the same role, reaches as far, and has no condition."""
    assert [n for n, fault in _found(law.build()) if fault is Fault.DUPLICATED] == found


def test_a_grant_that_nobody_used_is_found() -> None:
    """So many days without a use, or with the last one before them, and the record older."""
    law = _dev().assign("AcrPull", "dev").assign("AcrDelete", "dev").build()
    uses = _used({0: ({"pull"}, 3)})
    (finding,) = review(law, uses, NOON, _DAYS)
    assert (_number(finding), finding.fault, finding.last_used) == (1, Fault.UNUSED, None)


@pytest.mark.parametrize(("ago", "unused"), [(_DAYS - 1, False), (_DAYS, False), (_DAYS + 1, True)])
def test_the_last_use_counts_to_the_day(ago: int, *, unused: bool) -> None:
    """A use on the very first of the days still counts."""
    law = _dev().assign("AcrPull", "dev").build()
    found = review(law, _used({0: ({"pull"}, ago)}), NOON, _DAYS)
    assert [f.fault for f in found] == ([Fault.UNUSED] if unused else [])
    assert all(f.last_used == _TODAY - timedelta(days=ago) for f in found)


@pytest.mark.parametrize(("age", "judged"), [(_DAYS - 1, False), (_DAYS, True)])
def test_a_young_record_judges_no_use(age: int, *, judged: bool) -> None:
    """What was not watched for so many days cannot be said to be unused."""
    law = _dev().assign("AcrPull", "dev").build()
    found = _found(law, _used({}, since=_TODAY - timedelta(days=age)))
    assert found == ([(0, Fault.UNUSED)] if judged else [])


@pytest.mark.parametrize(("age", "judged"), [(_DAYS - 1, False), (_DAYS, True)])
def test_a_young_grant_is_not_judged(age: int, *, judged: bool) -> None:
    """A grant may be new, and unused for that reason."""
    law = _dev().assign("AcrPull", "dev").build()
    at = datetime.fromtimestamp(0, UTC) + timedelta(days=age)
    uses = Uses(date(1900, 1, 1))
    assert [f.fault for f in review(law, uses, at, _DAYS)] == ([Fault.UNUSED] if judged else [])


@pytest.mark.parametrize(
    ("mode", "role", "words", "narrower"),
    [
        (RoleMode.RBAC, "AcrPush", {"pull"}, "AcrPull"),
        (RoleMode.RBAC, "Owner", {"pull", "metadata_read", "catalog"}, "AcrPull"),
        (RoleMode.RBAC, "Owner", {"push", "delete"}, "Contributor"),
        (
            RoleMode.RBAC,
            "Contributor",
            {"Microsoft.ContainerRegistry/registries/tokens/write"},
            "Container Registry Contributor and Data Access Configuration Administrator",
        ),
        (RoleMode.RBAC, "AcrPush", {"push"}, None),
        (RoleMode.RBAC, "AcrPull", {"pull"}, None),
        (
            RoleMode.RBAC,
            "Owner",
            {"Microsoft.Authorization/roleDefinitions/write"},
            "User Access Administrator",
        ),
        (RoleMode.RBAC, "Owner", {"Microsoft.Authorization/roleDefinitions/write", "push"}, None),
        (RoleMode.ABAC, "Container Registry Repository Contributor", {"metadata_read"}, _READER),
        (
            RoleMode.ABAC,
            "Container Registry Repository Contributor",
            {"push", "pull"},
            "Container Registry Repository Writer",
        ),
        (RoleMode.ABAC, _READER, {"pull"}, None),
        (RoleMode.ABAC, "Container Registry Repository Contributor", {"word of old"}, None),
    ],
)
def test_a_grant_that_is_broader_than_its_use_is_found(
    mode: RoleMode, role: str, words: set[str], narrower: str | None
) -> None:
    """The narrowest built-in role that would have done is named; one that is no narrower is not."""
    law = _dev(mode).assign(role, "dev").build()
    found = review(law, _used({0: (words, 1)}), NOON, _DAYS)
    if narrower is None:
        assert found == ()
        return
    (finding,) = found
    assert finding.fault is Fault.BROADER_THAN_USED
    assert finding.narrower is not None
    assert finding.narrower.name == narrower
    assert finding.last_used == _TODAY - timedelta(days=1)


def test_findings_come_in_the_order_of_making() -> None:
    """The oldest grant first; those of one moment in the order of their ids."""
    law = _dev().assign("AcrPull", "ghost").assign("x", "dev").assign("AcrPull", "phantom").build()
    assert [number for number, _ in _found(law)] == [0, 1, 2]
    assert object_id("ghost") == next(iter(review(law, Uses(), NOON, 1))).assignment.principal_id


def test_faults_are_told_by_these_words() -> None:
    """Programs read them."""
    assert [fault.value for fault in Fault] == [
        *("unused", "broader-than-used", "orphaned", "role-missing", "expired", "unreadable"),
        *("duplicated", "not-honoured", "holder-disabled"),
    ]
