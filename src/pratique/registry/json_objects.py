"""JSON that every reader understands alike, or a refusal.

Readers differ over a name that occurs twice, and some (Go's) take `Layers` for `layers`. A
manifest is judged here and used elsewhere, so such a document must not get in.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, NoReturn

from pratique.registry.errors import ManifestInvalid

# Names with a meaning at the top of a manifest of any kind.
_KNOWN_NAMES = {
    name.casefold(): name
    for name in (
        "annotations",
        "artifactType",
        "blobs",
        "config",
        "fsLayers",
        "layers",
        "manifests",
        "mediaType",
        "schemaVersion",
        "subject",
    )
}


def refuse_ambiguity(content: bytes) -> Collection[str]:
    """The names at the top of the JSON object that `content` is.

    Raises:
        ManifestInvalid: it is not UTF-8, not JSON, not an object, has a name twice in one
            object, or a name that differs from a known one in case alone.
    """
    try:
        document = json.loads(
            content.decode("utf-8"), object_pairs_hook=_object, parse_constant=_refuse_constant
        )
    except UnicodeDecodeError as error:
        raise ManifestInvalid(f"it is not UTF-8 (at byte {error.start})") from error
    except RecursionError as error:
        raise ManifestInvalid("it is nested too deeply") from error
    except ValueError as error:
        where = f" (at character {error.pos})" if isinstance(error, json.JSONDecodeError) else ""
        raise ManifestInvalid(f"it is not JSON{where}") from error
    if not isinstance(document, dict):
        raise ManifestInvalid("it is not a JSON object")
    for name in document:
        known = _KNOWN_NAMES.get(name.casefold())
        if known is not None and known != name:
            raise ManifestInvalid(f"it has a name that must be written `{known}`")
    return document.keys()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ManifestInvalid("a name occurs twice in one object")
    return made


def _refuse_constant(_text: str) -> NoReturn:
    raise ManifestInvalid("it holds a number that JSON does not have")
