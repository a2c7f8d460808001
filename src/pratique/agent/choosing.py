"""Which identity a request means, among those that the one who asks may have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pratique.agent.identities import HostedIdentity

_RESOURCE = re.compile(r"[!-~]{1,512}", re.ASCII)


class NotMeant(Exception):
    """The request means no identity, or does not say which, or for what."""


class NotAdmitted(Exception):
    """Whoever asks may have no identity of this host."""


class NoSuchResource(Exception):
    """The request names no resource that a token could be for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a request names an identity.

    Attributes:
        attribute: of `HostedIdentity`.
        value: to be compared without case.
    """

    attribute: str
    value: str


def wanted_of(query: Mapping[str, str], parameters: Mapping[str, str]) -> Wanted | None:
    """What a request names; None for nothing.

    Args:
        query: of the request.
        parameters: which attribute each parameter of the form stands for.

    Raises:
        NotMeant: it names an identity in two ways.
    """
    given = [(attribute, query[name]) for name, attribute in parameters.items() if query.get(name)]
    if len(given) > 1:
        raise NotMeant("the request names an identity in more than one way")
    return Wanted(*given[0]) if given else None


def chosen(admitted: Iterable[HostedIdentity], wanted: Wanted | None) -> HostedIdentity:
    """The identity that is meant: the one named, the system-assigned one, or the only one.

    Raises:
        NotAdmitted: there is none to choose from.
        NotMeant: none is meant.
    """
    candidates = tuple(admitted)
    if not candidates:
        raise NotAdmitted("no managed identity of this host is for whoever asks")
    if wanted is not None:
        value = wanted.value.casefold()
        for identity in candidates:
            if getattr(identity, wanted.attribute).casefold() == value:
                return identity
        raise NotMeant("Identity not found")
    for identity in candidates:
        if identity.system_assigned:
            return identity
    if len(candidates) > 1:
        raise NotMeant(
            "several user-assigned identities are for whoever asks; name one by client id, object "
            "id or resource id"
        )
    return candidates[0]


def resource_of(query: Mapping[str, str]) -> str:
    """The resource that a token shall be for.

    Raises:
        NoSuchResource: none is named, or no text that could be one.
    """
    resource = query.get("resource", "")
    if _RESOURCE.fullmatch(resource) is None:
        raise NoSuchResource("the parameter `resource` must name what the token shall be for")
    return resource
