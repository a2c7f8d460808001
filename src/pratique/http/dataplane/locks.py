"""Changes of locks, in ACR's words: `changeableAttributes` of repositories, tags and manifests."""

from __future__ import annotations

from typing import Final

import msgspec

from pratique.http.dataplane import listings
from pratique.http.dataplane.visit import Visit
from pratique.http.wire.messages import Response
from pratique.naming import Digest, Tag
from pratique.registry import LockChange, Locks
from pratique.registry.locks import ATTRIBUTES, OPEN

_MAX_BODY_BYTES: Final = 64 * 1024


class UnreadableAttributes(ValueError):
    """The body is no object of attributes."""


class _Attributes(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """What a change may say; what it leaves out, or says null to, stays."""

    delete_enabled: bool | None = None
    write_enabled: bool | None = None
    list_enabled: bool | None = None
    read_enabled: bool | None = None
    quarantine_state: str | None = None
    quarantine_details: str | None = None


async def change_repository(visit: Visit) -> Response:
    """Lock or unlock a repository, and tell what is known of it."""
    await _change(visit, None)
    return await listings.get_repository(visit)


async def change_tag(visit: Visit) -> Response:
    """Lock or unlock a tag, and tell what is known of it."""
    await _change(visit, Tag(visit.parts["tag"]))
    return await listings.get_tag(visit)


async def change_manifest(visit: Visit) -> Response:
    """Lock or unlock a manifest, and tell what is known of it."""
    await _change(visit, Digest.parse(visit.parts["digest"]))
    return await listings.get_manifest_object(visit)


async def _change(visit: Visit, item: Tag | Digest | None) -> None:
    content = await visit.request.read(_MAX_BODY_BYTES)
    try:
        asked = msgspec.json.decode(content, type=_Attributes)
    except (msgspec.MsgspecError, RecursionError) as error:
        names = ", ".join(f"`{name}`" for name in ATTRIBUTES)
        raise UnreadableAttributes(
            f"send a JSON object with any of {names}, each true or false: {error}"
        ) from error
    if asked.quarantine_state is not None or asked.quarantine_details is not None:
        raise UnreadableAttributes(
            "this registry has no quarantine; leave `quarantineState` and `quarantineDetails` out"
        )
    given = {
        "deleteEnabled": asked.delete_enabled,
        "writeEnabled": asked.write_enabled,
        "listEnabled": asked.list_enabled,
        "readEnabled": asked.read_enabled,
    }
    change = LockChange(lock=_those(given, enabled=False), unlock=_those(given, enabled=True))
    visit.arrival.facts.detail = " ".join(
        f"{name}={str(value).lower()}" for name, value in given.items() if value is not None
    )
    await visit.registry.listings.change_locks(visit.allowed, item, change)


def _those(given: dict[str, bool | None], *, enabled: bool) -> Locks:
    locks = OPEN
    for name, value in given.items():
        if value is enabled:
            locks |= ATTRIBUTES[name]
    return locks
