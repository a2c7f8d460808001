"""The way from one law to another, in small steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from random import Random
from typing import TypeVar

from pratique.access import Amendment, Law, RoleAssignment, amended

V = TypeVar("V")


def steps_between(before: Law, after: Law) -> list[Amendment]:
    """Amendments of one thing each that together make `before` into `after`, in any order."""
    return [
        *_registry(before, after),
        *_assignments(before, after),
        *_denials(before, after),
        *(Amendment(principals=one) for one in _keyed(before.principals, after.principals)),
        *(Amendment(roles=one) for one in _keyed(before.roles, after.roles)),
        *(Amendment(tokens=one) for one in _keyed(before.tokens, after.tokens)),
        *(Amendment(scope_maps=one) for one in _keyed(before.scope_maps, after.scope_maps)),
    ]


def walk(before: Law, after: Law, random: Random) -> Law:
    """`before`, amended step by step in some order until it should be `after`."""
    steps = steps_between(before, after)
    random.shuffle(steps)
    law = before
    for step in steps:
        law = amended(law, step)
    return law


def _registry(before: Law, after: Law) -> Iterable[Amendment]:
    if before.registry != after.registry:
        yield Amendment(registry=after.registry)


def _keyed(before: Mapping[str, V], after: Mapping[str, V]) -> Iterable[dict[str, V | None]]:
    for key in before.keys() | after.keys():
        if before.get(key) is not after.get(key):
            yield {key: after.get(key)}


def _place(assignment: RoleAssignment) -> tuple[str, str, str]:
    return assignment.assignment_id, assignment.principal_id, assignment.scope.key


def _assignments(before: Law, after: Law) -> Iterable[Amendment]:
    stood = {_place(a): a for a in before.every_assignment()}
    stands = {_place(a): a for a in after.every_assignment()}
    for place, assignment in stood.items():
        if place not in stands:
            yield Amendment(gone_assignments=(assignment,))
    for place, assignment in stands.items():
        if stood.get(place) != assignment:
            yield Amendment(assignments=(assignment,))


def _denials(before: Law, after: Law) -> Iterable[Amendment]:
    stood = {d.deny_id: d for d in before.every_denial()}
    stands = {d.deny_id: d for d in after.every_denial()}
    for key in stood.keys() | stands.keys():
        gone, come = stood.get(key), stands.get(key)
        if gone != come:
            yield Amendment(
                gone_denials=() if gone is None else (gone,),
                denials=() if come is None else (come,),
            )
