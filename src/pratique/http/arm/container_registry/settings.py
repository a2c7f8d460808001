"""What a client wants the registry to be, read from the body of a PUT or PATCH.

Clients send whole resources back that they have read before. So what is as it stands is no request,
what only the server knows is left out, and whatever would have to change and cannot is refused: it
must not look as if it had.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from pratique.access import RoleMode
from pratique.admission import Unacceptable
from pratique.admission.changes.network_rules import NOTHING_ELSE, NetworkChange
from pratique.http.arm.container_registry.network_rules import wanted_network
from pratique.http.arm.errors import UnreadableRequest
from pratique.naming.errors import printable


class Sku(msgspec.Struct, frozen=True):
    """How dear a registry is."""

    name: str


class RegistryContent(msgspec.Struct, frozen=True):
    """The body: everything may be left out."""

    sku: Sku | None = None
    tags: dict[str, str] | None = None
    identity: dict[str, Any] | None = None
    location: str | None = None
    properties: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class WantedSettings:
    """What shall change; None for what stays."""

    admin_user: bool | None = None
    anonymous_pull: bool | None = None
    mode: RoleMode | None = None
    accepts_arm_tokens: bool | None = None
    network: NetworkChange = NOTHING_ELSE


_READ_ONLY: Final = frozenset(
    {"loginServer", "creationDate", "provisioningState", "status", "encryption"}
)
_ARM_TOKENS: Final = "azureADAuthenticationAsArmPolicy"
_SWITCH: Final = {"enabled": True, "disabled": False}
_MODES: Final = {str(mode): mode for mode in RoleMode}


def wanted_settings(
    content: RegistryContent, present: Mapping[str, Any], *, anew: bool
) -> WantedSettings:
    """What a body asks for.

    Args:
        content: the body.
        present: the registry as it is shown.
        anew: whether the client means to make it. Then it may ask for less than what there is.

    Raises:
        UnreadableRequest: a value is of the wrong type.
        Unacceptable: it asks for what this server does not have.
    """
    for name, asked in _beyond(content, present, anew=anew):
        raise Unacceptable(
            f"`{printable(name)}` cannot be {_told(asked)}: this server does not have that, and so "
            "leaves everything as it is"
        )
    properties = content.properties or {}
    policies = properties.get("policies") or {}
    mode = properties.get("roleAssignmentMode")
    if mode is not None and not (isinstance(mode, str) and mode in _MODES):
        raise UnreadableRequest(f"`roleAssignmentMode` is one of {', '.join(_MODES)}")
    return WantedSettings(
        admin_user=_boolean(properties, "adminUserEnabled"),
        anonymous_pull=_boolean(properties, "anonymousPullEnabled"),
        mode=None if mode is None else _MODES[mode],
        accepts_arm_tokens=_switch(policies, _ARM_TOKENS),
        network=wanted_network(properties),
    )


def _beyond(
    content: RegistryContent, present: Mapping[str, Any], *, anew: bool
) -> Iterator[tuple[str, object]]:
    """Name and value of everything that is asked for and cannot be."""
    skus = {"Basic", "Standard", "Premium"} if anew else {present["sku"]["name"]}
    if content.sku is not None and content.sku.name not in skus:
        yield "sku", content.sku.name
    if content.tags:
        yield "tags", content.tags
    if content.identity and content.identity.get("type", "None") != "None":
        yield "identity", content.identity.get("type")
    held = present["properties"]
    ours = {
        *("adminUserEnabled", "anonymousPullEnabled", "roleAssignmentMode", "policies"),
        *("publicNetworkAccess", "networkRuleSet"),
    }
    for name, asked in (content.properties or {}).items():
        if asked is not None and name not in ours | _READ_ONLY and not _same(asked, held.get(name)):
            yield name, asked
    yield from _policies_beyond((content.properties or {}).get("policies") or {}, held["policies"])


def _policies_beyond(policies: object, held: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    if not isinstance(policies, dict):
        raise UnreadableRequest("`policies` is an object")
    for name, asked in policies.items():
        if asked is None or name == _ARM_TOKENS:
            continue
        if not isinstance(asked, dict) or not isinstance(asked.get("status", ""), str):
            raise UnreadableRequest(f"the policy `{printable(name)}` is an object with a `status`")
        status = asked.get("status")
        if status is not None and status.lower() != held.get(name, {}).get("status"):
            yield name, status


def _same(asked: object, held: object) -> bool:
    """Whether what is asked is what is held; what is left out of an object is not asked."""
    if isinstance(asked, dict) and isinstance(held, dict):
        return all(value is None or _same(value, held.get(name)) for name, value in asked.items())
    if isinstance(asked, list) and held is None:
        return not asked
    return asked == held


def _told(asked: object) -> str:
    """What was asked for, where it is short."""
    return f"`{printable(asked, 100)}`" if isinstance(asked, str) else "set like this"


def _boolean(properties: Mapping[str, Any], name: str) -> bool | None:
    value = properties.get(name)
    if value is not None and not isinstance(value, bool):
        raise UnreadableRequest(f"`{name}` is true or false")
    return value


def _switch(policies: Mapping[str, Any], name: str) -> bool | None:
    policy = policies.get(name)
    if policy is None:
        return None
    status = policy.get("status") if isinstance(policy, dict) else None
    if not isinstance(status, str) or status.lower() not in _SWITCH:
        raise UnreadableRequest(f"the status of `{name}` is `enabled` or `disabled`")
    return _SWITCH[status.lower()]
