"""Permissions on the built-in directory, asked at `/`; those of the management API."""

from __future__ import annotations

from typing import Final

from pratique.access.known_permissions import DIRECTORY_PREFIX

USERS_READ: Final = f"{DIRECTORY_PREFIX}users/read"
USERS_WRITE: Final = f"{DIRECTORY_PREFIX}users/write"
USERS_DELETE: Final = f"{DIRECTORY_PREFIX}users/delete"
GROUPS_READ: Final = f"{DIRECTORY_PREFIX}groups/read"
PRINCIPALS_READ: Final = f"{DIRECTORY_PREFIX}servicePrincipals/read"
PRINCIPALS_WRITE: Final = f"{DIRECTORY_PREFIX}servicePrincipals/write"
PRINCIPALS_DELETE: Final = f"{DIRECTORY_PREFIX}servicePrincipals/delete"
