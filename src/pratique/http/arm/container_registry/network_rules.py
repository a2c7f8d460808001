"""What a body says of network rules: `publicNetworkAccess` and `networkRuleSet`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pratique.admission import Unacceptable
from pratique.admission.changes.network_rules import NetworkChange
from pratique.http.arm.errors import UnreadableRequest
from pratique.naming import AddressRange
from pratique.naming.errors import printable

_PUBLIC: Final = {"enabled": True, "disabled": False}
_DEFAULT: Final = {"allow": True, "deny": False}


def wanted_network(properties: Mapping[str, Any]) -> NetworkChange:
    """The change that the properties of a registry ask for.

    Rules are always sent whole: what is not among them goes.

    Raises:
        UnreadableRequest: a value is of the wrong type, or none of those that there are.
        Unacceptable: it asks for rules that this server does not have.
        InvalidName: a rule names no address and no range.
    """
    rules = properties.get("networkRuleSet")
    if rules is None:
        rules = {}
    if not isinstance(rules, dict):
        raise UnreadableRequest("`networkRuleSet` is an object")
    if rules.get("virtualNetworkRules"):
        raise Unacceptable("`virtualNetworkRules` cannot be set: this server has IP rules alone")
    addresses = rules.get("ipRules")
    return NetworkChange(
        public_access=_one_of(properties, "publicNetworkAccess", _PUBLIC),
        allow_by_default=_one_of(rules, "defaultAction", _DEFAULT),
        allowed=None if addresses is None else _ranges(addresses),
    )


def _ranges(rules: object) -> tuple[AddressRange, ...]:
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise UnreadableRequest("`ipRules` is a list of objects with a `value`")
    return tuple(_range(rule) for rule in rules)


def _range(rule: Mapping[str, Any]) -> AddressRange:
    value, action = rule.get("value"), rule.get("action")
    if not isinstance(value, str):
        raise UnreadableRequest("the `value` of an IP rule is an address or a range")
    if action is not None and not (isinstance(action, str) and action.lower() == "allow"):
        raise Unacceptable(f"the rule for `{printable(value)}` cannot be other than `Allow`")
    return AddressRange(value)


def _one_of(holder: Mapping[str, Any], name: str, values: Mapping[str, bool]) -> bool | None:
    value = holder.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or value.lower() not in values:
        raise UnreadableRequest(
            f"`{name}` is {' or '.join(f'`{known.capitalize()}`' for known in values)}"
        )
    return values[value.lower()]
