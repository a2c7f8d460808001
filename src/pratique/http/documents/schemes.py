"""How callers prove who they are, as documents tell of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SCHEMES: Final[Mapping[str, Mapping[str, str]]] = {
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "A user's name and password; a service principal's client id and secret; "
        "a token's name and password; or `00000000-0000-0000-0000-000000000000` and a refresh "
        "token.",
    },
    "registry": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token of `/oauth2/token`, for the repository and the action.",
    },
    "directory": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token of the directory for the resource manager, or for Graph below "
        "`/v1.0`, from `/{tenant}/oauth2/v2.0/token`.",
    },
}
