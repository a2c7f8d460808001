"""What a condition is judged by: the permission that is asked, the moment, and the attributes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from pratique.access.conditions.values import Value

Attributes = Mapping[str, tuple[Value, ...]]

REPOSITORY_NAME = "Microsoft.ContainerRegistry/registries/repositories:name"
ROLE_DEFINITION_ID = "Microsoft.Authorization/roleAssignments:RoleDefinitionId"
PRINCIPAL_ID = "Microsoft.Authorization/roleAssignments:PrincipalId"
PRINCIPAL_TYPE = "Microsoft.Authorization/roleAssignments:PrincipalType"
UTC_NOW = "UtcNow"

_NONE: Attributes = MappingProxyType({})


class Facts(NamedTuple):
    """The facts of one request.

    Keys of the mappings are made by `attribute_key`. No value at all is the same as no attribute.

    Attributes:
        permission: the full permission string that is asked.
        at: now, with a time zone; `@Environment[UtcNow]` is this and nothing else.
        request: attributes of what is asked, such as the repository's name.
        resource: attributes of what exists already.
        principal: attributes of who asks.
        environment: attributes of the way the request came.
        suboperation: the part of the action that is asked, if it has parts.
    """

    permission: str
    at: datetime
    request: Attributes = _NONE
    resource: Attributes = _NONE
    principal: Attributes = _NONE
    environment: Attributes = _NONE
    suboperation: str | None = None
