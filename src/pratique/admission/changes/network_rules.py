"""Changes of a registry's network rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pratique.access.network_rules import MAX_RULES
from pratique.admission.errors import AlreadyExists, NotFound, Unacceptable
from pratique.admission.records import NetworkRecord
from pratique.naming import AddressRange


@dataclass(frozen=True, slots=True)
class NetworkChange:
    """What shall be different; None and nothing for what stays.

    Attributes:
        public_access: whether anybody is let in over a network at all.
        allow_by_default: whether an address that no rule names is let in.
        allowed: what the rules name from now on, all of it.
        added: what they name besides.
        removed: what they name no more.
    """

    public_access: bool | None = None
    allow_by_default: bool | None = None
    allowed: tuple[AddressRange, ...] | None = None
    added: tuple[AddressRange, ...] = ()
    removed: tuple[AddressRange, ...] = ()

    def applied_to(self, present: NetworkRecord) -> NetworkRecord:
        """The rules once that is so.

        Raises:
            AlreadyExists: what shall be added is there.
            NotFound: what shall be removed is not.
            Unacceptable: there would be too many rules.
        """
        held = map(AddressRange, present.allowed) if self.allowed is None else self.allowed
        rules = {rule.network: rule for rule in held}
        for rule in self.removed:
            if rules.pop(rule.network, None) is None:
                raise NotFound(
                    f"no network rule names `{rule}`; `pratique network-rule list` shows them"
                )
        for rule in self.added:
            if rule.network in rules:
                raise AlreadyExists(f"there is a network rule for `{rule}` already")
            rules[rule.network] = rule
        if len(rules) > MAX_RULES:
            raise Unacceptable(
                f"a registry has at most {MAX_RULES} network rules; name wider ranges"
            )
        return NetworkRecord(
            _or(self.public_access, present.public_access),
            _or(self.allow_by_default, present.allow_by_default),
            tuple(map(str, rules.values())),
        )


NOTHING_ELSE: Final = NetworkChange()
"""All stays."""


def address_ranges(texts: Iterable[str]) -> tuple[AddressRange, ...]:
    """Each of them as a range.

    Raises:
        InvalidName: one of them is none.
    """
    return tuple(map(AddressRange, texts))


def _or(wanted: bool | None, present: bool) -> bool:  # noqa: FBT001 - a value, no option
    return present if wanted is None else wanted
