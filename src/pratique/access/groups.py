"""Who is in which group, however deep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pratique.access.principals import Principal, PrincipalKind


@dataclass(frozen=True, slots=True)
class Memberships:
    """The enabled groups, by their direct members. A disabled group passes nothing on.

    Attributes:
        direct: object ids of the groups that list a member, by that member; sorted, so that the
            order of looking does not hang on the order of storing.
    """

    direct: Mapping[str, tuple[str, ...]]
    # What was worked out before. It can only ever hold what `direct` says.
    _known: dict[str, tuple[str, ...]] = field(default_factory=dict, compare=False, repr=False)

    def of(self, object_id: str) -> tuple[str, ...]:
        """Object ids of all groups that somebody is in, nearest first; itself excluded."""
        known = self._known.get(object_id)
        if known is None:
            known = self._known[object_id] = self._nearest_first(object_id)
        return known

    def changed(self, before: Iterable[Principal], after: Iterable[Principal]) -> Memberships:
        """These memberships once the principals `after` stand where `before` stood."""
        gone, come = _groups(before), _groups(after)
        if not gone and not come:
            return self
        direct = dict(self.direct)
        for group in gone:
            for member in group.members:
                left = tuple(g for g in direct.get(member, ()) if g != group.object_id)
                direct[member] = left
                if not left:
                    del direct[member]
        for group in come:
            for member in group.members:
                direct[member] = tuple(sorted({*direct.get(member, ()), group.object_id}))
        return Memberships(direct)

    def _nearest_first(self, member: str) -> tuple[str, ...]:
        found: dict[str, None] = {}
        layer = [member]
        while layer:
            above = sorted({group for child in layer for group in self.direct.get(child, ())})
            layer = [group for group in above if group != member and group not in found]
            found.update(dict.fromkeys(layer))
        return tuple(found)


def _groups(principals: Iterable[Principal]) -> list[Principal]:
    return [p for p in principals if p.kind is PrincipalKind.GROUP and p.enabled]
