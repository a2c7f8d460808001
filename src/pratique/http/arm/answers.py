"""What operations of this room answer, for the description of the API.

The shapes are Azure's, and wide: what every resource and every list has is named here, the rest is
as the reference and az-cli-wire have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from pratique.http.wire.messages import Response


@dataclass(frozen=True, slots=True)
class Gives:
    """One way to succeed.

    Attributes:
        content: the type of the JSON; None for no body.
    """

    status: int
    content: Any = None


class Resource(msgspec.Struct, frozen=True):
    """A resource or an object of the directory; what belongs to its type stands beside its id."""

    id: str
    name: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    properties: dict[str, Any] | UnsetType = UNSET


class Page(msgspec.Struct, frozen=True):
    """A page of a list, with the address of the next one where there is one."""

    value: list[dict[str, Any]]
    next_link: str | UnsetType = msgspec.field(name="nextLink", default=UNSET)
    next_of_graph: str | UnsetType = msgspec.field(name="@odata.nextLink", default=UNSET)


Shown = Annotated[Response, Gives(200, Resource)]
"""One resource."""
Told = Annotated[Response, Gives(200, dict[str, Any])]
"""Something that is no resource."""
ShownAsMade = Annotated[Response, Gives(201, Resource)]
"""One resource, by the status of what was made, whether it was there before or not."""
ShownOrMade = Annotated[Response, Gives(200, Resource), Gives(201, Resource)]
"""One resource, which was there before or was made."""
Listed = Annotated[Response, Gives(200, Page)]
"""A page of a list."""
Begun = Annotated[Response, Gives(200), Gives(202)]
"""Nothing more: 202 while it goes on, with the address that tells when it has ended."""
Done = Annotated[Response, Gives(204)]
"""Nothing more."""
Gone = Annotated[Response, Gives(200), Gives(204)]
"""Nothing more: 204 when there was nothing to delete."""
ShownAsGone = Annotated[Response, Gives(200, Resource), Gives(204)]
"""What was deleted; 204 when there was nothing."""
