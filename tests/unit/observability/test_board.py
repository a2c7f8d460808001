"""The board: rows of processes that come and go."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pratique.observability import Board

WIDTH = 3
_COUNT_AND_WAIT = """
import sys, time
from pathlib import Path
from pratique.observability import Board
row = Board.open(Path(sys.argv[1])).take_row()
row[0] += float(sys.argv[2])
print("counted", flush=True)
sys.stdin.read()
"""


class Counting:
    """A process that has added to the first number of a row of its own, and waits."""

    def __init__(self, board: Path, number: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _COUNT_AND_WAIT, str(board), str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"counted\n"

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate(timeout=30)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a board with room for two."""
    path = tmp_path / "board"
    Board.make(path, 2, WIDTH)
    return path


def test_processes_count_each_for_itself_and_all_are_read(path: Path) -> None:
    """Two processes that live at once have a row each."""
    board = Board.open(path)
    first, second = Counting(path, 5), Counting(path, 7)
    try:
        assert [(w.worker, w.alive, w.numbers[0]) for w in board.workers()] == [
            (1, True, 5.0),
            (2, True, 7.0),
        ]
    finally:
        first.kill()
        second.kill()
    assert [(w.alive, w.numbers[0]) for w in board.workers()] == [(False, 5.0), (False, 7.0)]


def test_a_successor_counts_on_where_a_killed_process_ended(path: Path) -> None:
    """What was counted before a crash stays counted, and the row is taken again."""
    first = Counting(path, 5)
    first.kill()
    second = Counting(path, 7)
    try:
        assert [(w.alive, w.numbers[0]) for w in Board.open(path).workers()] == [(True, 12.0)]
    finally:
        second.kill()


def test_a_process_beyond_the_rows_counts_unseen(path: Path) -> None:
    """Nothing fails and nobody's numbers are touched when there are more processes than rows."""
    several = [Counting(path, number) for number in (1, 2, 4)]
    try:
        assert [w.numbers[0] for w in Board.open(path).workers()] == [1.0, 2.0]
    finally:
        for one in several:
            one.kill()


def test_all_who_have_it_open_see_that_the_server_drains(path: Path) -> None:
    """One process says it, others read it."""
    one, other = Board.open(path), Board.open(path)
    assert not other.is_draining()
    one.drain()
    assert other.is_draining()


def test_a_board_of_one_process_needs_no_file() -> None:
    """Its one row is this process's."""
    board = Board.of_one_process(WIDTH)
    row = board.take_row()
    row[WIDTH - 1] = 2.5
    (worker,) = board.workers()
    assert (worker.worker, worker.alive, worker.numbers) == (1, True, (0.0, 0.0, 2.5))


def test_no_other_user_reads_a_board_in_memory(tmp_path: Path) -> None:
    """The board of a server is reached through its process alone, and is gone with it."""
    from pratique.cli.processes import board_of  # noqa: PLC0415 - the room under test is another

    with board_of(2) as board:
        assert board.is_relative_to(f"/proc/{os.getpid()}/fd")
        assert not Board.open(board).is_draining()
    assert not board.exists()
    assert list(tmp_path.iterdir()) == []
