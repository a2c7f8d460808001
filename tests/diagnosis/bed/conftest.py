"""What the bed's cases share, and the table at the end of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest
from tests.diagnosis.bed.certificates import Authority
from tests.diagnosis.bed.harness import Board, Score
from tests.diagnosis.bed.machine_parts import Nobody
from tests.diagnosis.bed.servers import Loopback
from tests.diagnosis.bed.stage import Shared
from tests.support.told_at_the_end import told_at_the_end

from pratique.diagnosis.causes import CAUSES, Reach

_BOARD: pytest.StashKey[Board] = pytest.StashKey()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """Servers and authorities."""
    folder = tmp_path_factory.mktemp("bed")
    trusted = Authority("trusted", folder)
    kept: dict[str, object] = {}
    with ExitStack() as ends:

        def keep(name: str, make: Callable[[Path], AbstractContextManager[object]]) -> object:
            if name not in kept:
                place = folder / name
                place.mkdir()
                kept[name] = ends.enter_context(make(place))
            return kept[name]

        yield Shared(
            ends.enter_context(Loopback()),
            ends.enter_context(Nobody()),
            trusted,
            Authority("strange", folder),
            keep,
        )


@pytest.fixture(autouse=True)
def _the_beds_store(shared: Shared, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What the system trusts is what the bed does, and after each case what it was before."""
    monkeypatch.setenv("SSL_CERT_FILE", str(shared.trusted.file))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))


@pytest.fixture(scope="session")
def board(request: pytest.FixtureRequest) -> Board:
    """The results so far."""
    return request.config.stash.setdefault(_BOARD, Board())


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Precision and recall, cause by cause."""
    found = session.config.stash.get(_BOARD, None)
    if found is not None and found.results:
        told_at_the_end(session.config)["the doctor on the bed"] = list(_table(found))


def _table(board: Board) -> Iterator[str]:
    scores = board.scores()
    yield f"{'cause':<52}{'cases':>6}{'precision':>11}{'recall':>8}"
    for cause, score in sorted(scores.items()):
        yield _row(cause, score)
    whole = Score(
        sum(score.rightly for score in scores.values()),
        sum(score.missed for score in scores.values()),
        sum(score.wrongly for score in scores.values()),
    )
    numbered = sum(CAUSES[cause].number is not None for cause in scores)
    yield _row(f"{len(scores)} causes, {numbered} of them of the catalogue", whole)
    yield f"{len(board.results)} cases, {_twins(board)} of them twins"
    for reach in (Reach.READS, Reach.OUT):
        listed = [one for one in CAUSES.values() if one.reach is reach and one.id not in scores]
        yield f"{reach.value} ({len(listed)}):"
        for one in listed:
            why = f": {one.why_out}" if one.why_out else ""
            yield f"  {one.number} {one.id}{why}"
    for name, reason in board.skipped.items():
        yield f"NOT RUN: {name}: {reason}"


def _twins(board: Board) -> int:
    return sum(bool(result.case.twin_of) for result in board.results.values())


def _row(name: str, score: Score) -> str:
    cases = score.rightly + score.missed
    return f"{name:<52}{cases:>6}{score.precision:>11.0%}{score.recall:>8.0%}"
