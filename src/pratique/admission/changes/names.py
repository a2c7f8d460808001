"""Names that nobody and nothing else may have: of sign-ins and of login servers, server-wide.

Users, applications and groups are the same for all registries, so a name that opens one registry
as a token or its admin user is nobody's user name, or a password for one would be tried for both.
"""

from __future__ import annotations

from collections.abc import Iterator

from pratique.admission.changes.draft import Draft
from pratique.admission.errors import AlreadyExists, Unacceptable
from pratique.admission.snapshot import Snapshot
from pratique.identity import NULL_GUID
from pratique.identity.directory import is_guid
from pratique.naming.errors import printable


def ensure_free(draft: Draft, sign_in_name: str) -> None:
    """Refuse a name that somebody signs in with already, so that no name is ambiguous.

    Tokens of several registries may share a name: each opens its own registry alone.

    Raises:
        AlreadyExists: a user, a service principal, the admin user or a token of this registry, or
            the admin user of another one has it.
        Unacceptable: ids are given out by the registry and cannot be chosen.
    """
    if is_guid(sign_in_name) or sign_in_name == NULL_GUID:
        raise Unacceptable(f"`{sign_in_name}` looks like an id; choose a name")
    key, directory = sign_in_name.casefold(), draft.snapshot.directory
    if key in names_of_registries(draft.snapshot):
        raise AlreadyExists(f"`{sign_in_name}` is the name of a registry and its admin user")
    if directory.account(sign_in_name) is not None:
        raise AlreadyExists(f"somebody signs in as `{sign_in_name}` already; choose another name")


def ensure_nobody_signs_in_as(draft: Draft, name: str) -> None:
    """Refuse a name for a user or a registry that anybody signs in with, at any registry.

    Raises:
        AlreadyExists, Unacceptable: as `ensure_free`.
    """
    ensure_free(draft, name)
    if name.casefold() in names_of_tokens(draft.snapshot):
        raise AlreadyExists(
            f"a token of a registry is called `{name}` already; choose another name"
        )


def ensure_no_registry_answers(draft: Draft, login_server: str, *, but: str | None) -> None:
    """Refuse a login server that is another registry's, whatever its case.

    A scheme's own port makes no other server of it: some clients write it, and mean the same.

    Args:
        draft: of the change.
        login_server: a host, with or without a port.
        but: id of the registry that is to have it; None for one that is new.

    Raises:
        AlreadyExists: so it is.
    """
    for seen in draft.snapshot.each():
        taken = seen.registry.login_server
        if seen.registry_id != but and taken and _bare(taken) == _bare(login_server):
            raise AlreadyExists(
                f"`{printable(login_server)}` is the login server of the registry "
                f"`{seen.registry.name}`; each has one of its own"
            )


def _bare(login_server: str) -> str:
    """Without the port that `https` or `http` means anyway, in lower case."""
    return login_server.lower().removesuffix(":443").removesuffix(":80")


def reserved_names(snapshot: Snapshot) -> frozenset[str]:
    """Lower-cased names that no user may have: those of registries, and of all their tokens."""
    return names_of_registries(snapshot) | names_of_tokens(snapshot)


def names_of_tokens(snapshot: Snapshot) -> frozenset[str]:
    """Names of the tokens of all registries, lower-cased."""
    return frozenset(name for held in snapshot.holdings.values() for name in held.accounts)


def names_of_registries(snapshot: Snapshot) -> frozenset[str]:
    """Names of all registries, and so of their admin users, lower-cased."""
    return frozenset(_registry_names(snapshot))


def _registry_names(snapshot: Snapshot) -> Iterator[str]:
    for held in snapshot.holdings.values():
        if held.settings is not None:
            yield held.settings.name.casefold()
