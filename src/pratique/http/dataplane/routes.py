"""Every endpoint of the data plane: method, path, the action it needs, the operation.

HEAD is GET with the body withheld, by the same row. Rows that clients ask for most come first.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pratique.access import RegistryAction
from pratique.http.dataplane import blobs, listings, locks, manifests, uploads
from pratique.http.dataplane.visit import Visit
from pratique.http.wire.messages import Response

Operation = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """One row.

    Attributes:
        name: for tests and documentation.
        template: the path as the specification writes it.
        pattern: matches a decoded path whole; the group `name` is the repository.
        action: what the law is asked for.
    """

    name: str
    method: str
    template: str
    pattern: re.Pattern[str]
    action: RegistryAction
    operation: Operation


def _row(method: str, template: str, action: RegistryAction, operation: Operation) -> Route:
    # A repository's name may hold slashes, every other part may not.
    text = re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", template).replace("<name>[^/]+", "<name>.+")
    name = operation.__name__
    return Route(name, method, template, re.compile(text, re.DOTALL), action, operation)


_PULL, _PUSH, _DELETE = RegistryAction.PULL, RegistryAction.PUSH, RegistryAction.DELETE
_READ, _CATALOG = RegistryAction.METADATA_READ, RegistryAction.CATALOG
_CHANGE = RegistryAction.METADATA_WRITE
_UPLOAD = "/v2/<name>/blobs/uploads/<upload>"

ROUTES = (
    _row("GET", "/v2/<name>/manifests/<reference>", _PULL, manifests.get_manifest),
    _row("GET", "/v2/<name>/blobs/<digest>", _PULL, blobs.get_blob),
    _row("PUT", "/v2/<name>/manifests/<reference>", _PUSH, manifests.put_manifest),
    _row("DELETE", "/v2/<name>/manifests/<reference>", _DELETE, manifests.delete_manifest),
    _row("DELETE", "/v2/<name>/blobs/<digest>", _DELETE, blobs.delete_blob),
    _row("POST", "/v2/<name>/blobs/uploads/", _PUSH, uploads.open_upload),
    _row("GET", _UPLOAD, _PUSH, uploads.get_upload),
    _row("PATCH", _UPLOAD, _PUSH, uploads.append_to_upload),
    _row("PUT", _UPLOAD, _PUSH, uploads.finish_upload),
    _row("DELETE", _UPLOAD, _PUSH, uploads.cancel_upload),
    _row("GET", "/v2/<name>/referrers/<digest>", _PULL, manifests.get_referrers),
    _row("GET", "/v2/<name>/tags/list", _READ, listings.list_tags),
    _row("GET", "/v2/_catalog", _CATALOG, listings.list_catalog),
    _row("GET", "/acr/v1/_catalog", _CATALOG, listings.list_catalog),
    _row("GET", "/acr/v1/<name>/_tags", _READ, listings.list_tag_objects),
    _row("DELETE", "/acr/v1/<name>/_tags/<tag>", _DELETE, listings.delete_tag),
    _row("GET", "/acr/v1/<name>/_tags/<tag>", _READ, listings.get_tag),
    _row("PATCH", "/acr/v1/<name>/_tags/<tag>", _CHANGE, locks.change_tag),
    _row("GET", "/acr/v1/<name>/_manifests", _READ, listings.list_manifest_objects),
    _row("GET", "/acr/v1/<name>/_manifests/<digest>", _READ, listings.get_manifest_object),
    _row("PATCH", "/acr/v1/<name>/_manifests/<digest>", _CHANGE, locks.change_manifest),
    _row("GET", "/acr/v1/<name>", _READ, listings.get_repository),
    _row("PATCH", "/acr/v1/<name>", _CHANGE, locks.change_repository),
    _row("DELETE", "/acr/v1/<name>", _DELETE, listings.delete_repository),
)
