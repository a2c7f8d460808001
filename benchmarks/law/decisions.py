"""How long a decision takes, and how that grows with the law."""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.law.world import AT, make_questions, make_world
from pratique.access import Law, Question, decide

QUESTIONS = 10_000
ROUNDS = 15

Asked = Sequence[tuple[Question, Law]]


@dataclass(frozen=True)
class Pace:
    """The time of decisions on one law.

    Attributes:
        seconds: of one decision, the middle of all rounds.
        best: of one decision in the fastest round, when least else used the machine.
        first: of one decision when nothing was asked before.
        p99: seconds below which 99 of 100 single decisions stayed.
        allowed: share of the questions that were.
    """

    seconds: float
    best: float
    first: float
    p99: float
    allowed: float


def prepare(assignments: int, principals: int) -> Asked:
    """A law of that size, and the questions to ask it."""
    world = make_world(assignments, principals)
    laws = world.laws()
    asked = [(question, laws[name]) for name, question in make_questions(world, QUESTIONS)]
    # As the server does once its law is loaded: what stays is not searched for garbage.
    gc.collect()
    gc.freeze()
    return asked


def pace(asked: Asked) -> Pace:
    """How fast `asked` is answered, once all of it was asked before."""
    (found,) = paces([asked])
    return found


def paces(worlds: Sequence[Asked]) -> list[Pace]:
    """How fast each is answered, in rounds that take turns."""
    times: list[list[float]] = [[] for _ in worlds]
    firsts = [_ask(asked) for asked in worlds]
    for _ in range(ROUNDS):
        for asked, taken in zip(worlds, times, strict=True):
            taken.append(_ask(asked))
    return [
        Pace(statistics.median(taken), min(taken), first, _p99(asked), _share(asked))
        for asked, taken, first in zip(worlds, times, firsts, strict=True)
    ]


def per_second(ask: Callable[[], int], at_most: float, most: float = math.inf) -> float:
    """How many questions a second another judge answers.

    Args:
        ask: asks some questions and gives their number.
        at_most: seconds of trying; at least one call is made.
        most: questions to ask.
    """
    started, count = time.process_time(), 0
    while not count or (count < most and time.process_time() - started < at_most):
        count += ask()
    return count / (time.process_time() - started)


def _ask(asked: Asked) -> float:
    """Seconds of one decision, on the average."""
    started = time.process_time()
    for question, law in asked:
        decide(question, law, AT)
    return (time.process_time() - started) / len(asked)


def _p99(asked: Asked) -> float:
    """The middle of some passes."""
    return statistics.median(_p99_once(asked) for _ in range(5))


def _p99_once(asked: Asked) -> float:
    taken = []
    for question, law in asked:
        started = time.perf_counter_ns()
        decide(question, law, AT)
        taken.append(time.perf_counter_ns() - started)
    return sorted(taken)[int(len(taken) * 0.99)] / 1e9


def _share(asked: Asked) -> float:
    return sum(bool(decide(question, law, AT)) for question, law in asked) / len(asked)
