"""Managed identities: principals without a secret of their own, assigned to hosts.

One is an application with a resource id. A user-assigned one stands for itself and may be assigned
to any number of hosts; a system-assigned one belongs to one host, whose resource id it has. Its
only secrets are those of the hosts, one for each, named `host:HOST`: they let the agent on a host
ask for tokens, and tokens die with the assignment.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from pratique.admission.changes import applications
from pratique.admission.changes.applications import NewSecret
from pratique.admission.changes.draft import Draft
from pratique.admission.errors import AlreadyExists, NotFound, Unacceptable
from pratique.identity import Application

MAX_HOSTS: Final = 500
_OF_HOST = "host:"
_USER_ASSIGNED = "Microsoft.ManagedIdentity/userAssignedIdentities"
_SYSTEM_ASSIGNED = "Microsoft.Compute/virtualMachines"
# Azure's rule for user-assigned identities; host names may have dots besides.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?", re.ASCII)


def is_managed(application: Application) -> bool:
    """Whether it is a managed identity."""
    return bool(application.resource_id)


def is_user_assigned(application: Application) -> bool:
    """Whether it is a managed identity that belongs to no one host."""
    return is_managed(application) and host_of_system_assigned(application) is None


def host_of_system_assigned(application: Application) -> str | None:
    """The host that a system-assigned identity belongs to; None for a user-assigned one."""
    before, _, host = application.resource_id.rpartition("/")
    return host if before.endswith(_SYSTEM_ASSIGNED) else None


def hosts(application: Application) -> tuple[str, ...]:
    """The hosts that it is assigned to."""
    return tuple(
        s.name.removeprefix(_OF_HOST) for s in application.secrets if s.name.startswith(_OF_HOST)
    )


def create(draft: Draft, name: str, system_host: str | None) -> Application:
    """A new managed identity, assigned to no host yet.

    Args:
        draft: collects the change.
        name: for people, and the end of the resource id of a user-assigned identity.
        system_host: the host that a system-assigned identity belongs to; None for a user-assigned
            one.

    Raises:
        Unacceptable: a name that cannot stand in a resource id.
        AlreadyExists: there is such an identity, or the host has one.
    """
    if _NAME.fullmatch(name) is None:
        raise Unacceptable(
            f"`{name[:128]}` cannot name a managed identity: 3 to 128 letters, digits, `-` and "
            "`_`, a letter or digit first"
        )
    resource_id = _resource_id(draft, name, system_host)
    for other in draft.snapshot.directory.applications.values():
        if other.resource_id.casefold() == resource_id.casefold():
            whose = f"the host `{system_host}` has" if system_host else "there is"
            raise AlreadyExists(f"{whose} the managed identity `{other.display_name}` already")
        if is_managed(other) and other.display_name.casefold() == name.casefold():
            raise AlreadyExists(f"there is a managed identity `{other.display_name}` already")
    identity = Application(
        object_id=draft.new_id(),
        client_id=draft.new_id(),
        display_name=name,
        created_at=draft.at,
        resource_id=resource_id,
    )
    draft.put(identity)
    return identity


def find(draft: Draft, reference: str) -> Application:
    """The managed identity that `reference` means: a client id, an object id or a name.

    Raises:
        NotFound: it means none.
    """
    found = draft.principal(reference)
    if not isinstance(found, Application) or not is_managed(found):
        raise NotFound(
            f"`{reference}` is not a managed identity; `pratique identity list` shows them"
        )
    return found


def assign(draft: Draft, reference: str, host: str) -> NewSecret:
    """Let the agent on `host` ask for tokens of an identity; the host's former secret dies.

    Raises:
        NotFound: there is no such identity.
        Unacceptable: no host name, another host than a system-assigned identity's own, or too
            many hosts.
    """
    identity = find(draft, reference)
    name = _host(host)
    own = host_of_system_assigned(identity)
    if own is not None and own.casefold() != name.casefold():
        raise Unacceptable(
            f"`{identity.display_name}` is the system-assigned identity of the host `{own}`; "
            "a user-assigned one can be assigned to any host"
        )
    kept = tuple(s for s in identity.secrets if not _is_of(s.name, name))
    if len(kept) >= MAX_HOSTS:
        raise Unacceptable(
            f"`{identity.display_name}` is assigned to {MAX_HOSTS} hosts; unassign one first"
        )
    secret, text = draft.secret(f"{_OF_HOST}{name}", None)
    changed = msgspec.structs.replace(identity, secrets=(*kept, secret))
    draft.put(changed)
    return NewSecret(changed, secret, text)


def unassign(draft: Draft, reference: str, host: str) -> Application:
    """Take the host's secret away, and with it the force of all tokens it has got.

    Raises:
        NotFound: there is no such identity, or it is not assigned to that host.
    """
    identity = find(draft, reference)
    kept = tuple(s for s in identity.secrets if not _is_of(s.name, host))
    if len(kept) == len(identity.secrets):
        raise NotFound(
            f"`{identity.display_name}` is not assigned to the host `{host}`; "
            f"`pratique identity show {reference}` shows where it is"
        )
    changed = msgspec.structs.replace(identity, secrets=kept)
    draft.put(changed)
    return changed


def delete(draft: Draft, reference: str) -> Application:
    """Take it away with the secrets of its hosts, its role assignments and memberships.

    Raises:
        NotFound: there is no such identity.
    """
    return applications.delete(draft, find(draft, reference).object_id)


def _resource_id(draft: Draft, name: str, system_host: str | None) -> str:
    registry = draft.snapshot.registry
    end = (
        f"{_USER_ASSIGNED}/{name}"
        if system_host is None
        else f"{_SYSTEM_ASSIGNED}/{_host(system_host)}"
    )
    return (
        f"/subscriptions/{registry.subscription_id}/resourceGroups/{registry.resource_group}"
        f"/providers/{end}"
    )


def _host(text: str) -> str:
    if _HOST.fullmatch(text) is None:
        raise Unacceptable(
            f"`{text[:128]}` cannot name a host: 1 to 128 letters, digits, `.`, `-` and `_`, "
            "a letter or digit first and last"
        )
    return text


def _is_of(secret_name: str, host: str) -> bool:
    return secret_name.casefold() == f"{_OF_HOST}{host}".casefold()
