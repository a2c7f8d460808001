"""Role definitions in files, in the JSON forms of Azure's command line.

Taken are what `az role definition create` reads and what `az role definition list` prints, with
`properties` around the content or without.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

# What the file says, and what the management API calls it.
_TEXTS = {"name": "name", "rolename": "name", "description": "description"}
_PATTERNS = {
    "actions": "actions",
    "notactions": "not_actions",
    "dataactions": "data_actions",
    "notdataactions": "not_data_actions",
}
_SCOPES = {"assignablescopes": "assignable_scopes"}
# What Azure adds, and Pratique decides by itself.
_PASSED_OVER = {
    *("id", "type", "iscustom", "roletype", "createdon", "createdby", "updatedon", "updatedby"),
    *("systemdata", "condition", "conditionversion"),
}
Content = dict[str, Any]


def read_role(text: str) -> Content:
    """The definition as the management API takes it; what the file leaves out is left out.

    Args:
        text: of the file.

    Raises:
        click.BadParameter: it is no JSON, no role definition, or holds what would not be kept: a
            word that nobody knows, several sets of permissions, a condition.
    """
    try:
        found = json.loads(text)
    except ValueError as error:
        raise click.BadParameter(f"the file is not JSON: {error}") from error
    if isinstance(found, list):
        if len(found) != 1:
            raise click.BadParameter(f"the file holds {len(found)} role definitions; give one")
        found = found[0]
    parts = _lowered(found)
    parts |= _lowered(parts.pop("properties", {}))
    parts |= _only_set(parts.pop("permissions", None))
    if "rolename" in parts:
        # There, the name is the definition's GUID.
        parts["name"] = parts.pop("rolename")
    return {known: _checked(key, parts[key]) for key, known in _known(parts).items()}


def _known(parts: Mapping[str, Any]) -> dict[str, str]:
    every = {**_TEXTS, **_PATTERNS, **_SCOPES}
    for key, value in parts.items():
        if key == "condition" and value is not None:
            raise click.BadParameter("the file holds a condition; give it where the role is given")
        if key not in every and key not in _PASSED_OVER:
            names = "Name, Description, Actions, NotActions, DataActions, NotDataActions"
            raise click.BadParameter(
                f"the file holds `{key}`, which no role definition has; it has {names} and "
                "AssignableScopes"
            )
    return {key: every[key] for key in parts if key in every}


def _lowered(found: Any) -> Content:
    if not isinstance(found, dict):
        raise click.BadParameter("the file is no role definition, which is a JSON object")
    return {key.lower(): value for key, value in found.items()}


def _only_set(permissions: Any) -> Content:
    if permissions is None:
        return {}
    if not isinstance(permissions, list) or len(permissions) != 1:
        raise click.BadParameter(
            "the file holds no set of permissions, or several; a role of Pratique has exactly one"
        )
    return _lowered(permissions[0])


def _checked(key: str, value: Any) -> Any:
    if key in _TEXTS:
        fits = isinstance(value, str)
    else:
        fits = isinstance(value, list) and all(isinstance(item, str) for item in value)
    if not fits:
        form = "a text" if key in _TEXTS else "a list of texts"
        raise click.BadParameter(f"`{key}` in the file is not {form}")
    return value
