"""Users and groups."""

from __future__ import annotations

import re

import msgspec

from pratique.admission.changes.draft import Draft, display_name
from pratique.admission.changes.names import ensure_nobody_signs_in_as
from pratique.admission.changes.roles import drop_assignments
from pratique.admission.errors import AlreadyExists, NotFound, Unacceptable
from pratique.identity import Group, User
from pratique.naming.errors import printable

# What docker, podman and HTTP Basic (which ends the name at the first colon) all carry safely.
_USER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}", re.ASCII)


def create_user(draft: Draft, user_name: str, shown_as: str | None, password_hash: str) -> User:
    """A new user.

    Args:
        draft: receives the record.
        user_name: to sign in with.
        shown_as: display name; the user name when None.
        password_hash: argon2id, made before, since that is slow.

    Raises:
        Unacceptable: the name breaks the grammar or looks like an id.
        AlreadyExists: somebody signs in with this name already.
    """
    check_user_name(user_name)
    ensure_nobody_signs_in_as(draft, user_name)
    user = User(
        object_id=draft.new_id(),
        user_name=user_name,
        display_name=display_name(shown_as or user_name),
        password_id=draft.new_id(),
        password_hash=password_hash,
        created_at=draft.at,
    )
    draft.put(user)
    return user


def check_user_name(text: str) -> None:
    """Refuse what clients could not carry as a user name.

    Raises:
        Unacceptable: it breaks the grammar.
    """
    if _USER_NAME.fullmatch(text) is None:
        raise Unacceptable(
            f"`{printable(text)}` cannot be a user name; use 1 to 128 letters, digits, `.`, `_`, "
            "`@`, `+` or `-`, beginning with a letter or digit"
        )


def find_user(draft: Draft, reference: str) -> User:
    """The user that `reference` means.

    Raises:
        NotFound: it means none.
    """
    found = draft.principal(reference)
    if not isinstance(found, User):
        raise NotFound(f"`{reference}` is not a user; `pratique user list` shows them")
    return found


def set_user_enabled(draft: Draft, reference: str, *, enabled: bool) -> User:
    """Enable or disable; a disabled user is refused everything from the next request on."""
    changed = msgspec.structs.replace(find_user(draft, reference), enabled=enabled)
    draft.put(changed)
    return changed


def set_password(draft: Draft, reference: str, password_hash: str) -> User:
    """Give a user another password; tokens made with the old one die.

    Raises:
        Unacceptable: an LDAP server keeps it.
    """
    user = find_user(draft, reference)
    if user.ldap is not None:
        raise Unacceptable(
            f"the LDAP server keeps the password of `{user.user_name}`; change it there"
        )
    changed = msgspec.structs.replace(user, password_hash=password_hash, password_id=draft.new_id())
    draft.put(changed)
    return changed


def sign_out_everywhere(draft: Draft, reference: str) -> User:
    """Let everything that a user signed in with so far have no force from the next request on.

    The password stays. Tokens and sessions name its id, which is another one from now on.
    """
    user = find_user(draft, reference)
    changed = msgspec.structs.replace(user, password_id=draft.new_id(), signed_out_at=draft.at)
    draft.put(changed)
    return changed


def enable_totp(draft: Draft, reference: str) -> User:
    """Ask a user for one-time passwords from now on, by a new secret.

    What was signed in without one has no force any more.
    """
    user = find_user(draft, reference)
    changed = msgspec.structs.replace(
        user, totp_secret=draft.totp_secret(), password_id=draft.new_id(), signed_out_at=draft.at
    )
    draft.put(changed)
    return changed


def disable_totp(draft: Draft, reference: str) -> User:
    """Ask a user for the password alone.

    Raises:
        NotFound: there is nothing to take away.
    """
    user = find_user(draft, reference)
    if not user.totp_secret:
        raise NotFound(f"`{user.user_name}` signs in without one-time passwords already")
    changed = msgspec.structs.replace(user, totp_secret="")
    draft.put(changed)
    return changed


def delete_user(draft: Draft, reference: str) -> User:
    """Take a user away with role assignments and group memberships."""
    user = find_user(draft, reference)
    draft.delete(user)
    drop_assignments(draft, user.object_id)
    return user


def create_group(draft: Draft, name: str) -> Group:
    """A new group without members.

    Raises:
        AlreadyExists: a group has this name, whatever its case.
    """
    shown = display_name(name)
    taken = {g.display_name.casefold() for g in draft.snapshot.directory.groups.values()}
    if shown.casefold() in taken:
        raise AlreadyExists(f"there is a group `{shown}` already")
    group = Group(draft.new_id(), shown, draft.at)
    draft.put(group)
    return group


def find_group(draft: Draft, reference: str) -> Group:
    """The group that `reference` means, an object id or a group's name.

    Raises:
        NotFound: it means none.
    """
    groups = draft.snapshot.directory.groups.values()
    key = reference.casefold()
    for group in groups:
        if key in {group.object_id, group.display_name.casefold()}:
            return group
    raise NotFound(f"there is no group `{reference}`; `pratique group list` shows them")


def add_member(draft: Draft, group_reference: str, member_reference: str) -> Group:
    """Put somebody, or a group, into a group.

    Raises:
        Unacceptable: a group cannot hold itself, or its members are the LDAP server's to choose.
    """
    group, member = find_group(draft, group_reference), draft.principal(member_reference)
    _check_ours(group)
    if member.object_id == group.object_id:
        raise Unacceptable(f"the group `{group.display_name}` cannot be its own member")
    members = tuple(dict.fromkeys((*group.members, member.object_id)))
    changed = msgspec.structs.replace(group, members=members)
    draft.put(changed)
    return changed


def remove_member(draft: Draft, group_reference: str, member_reference: str) -> Group:
    """Take somebody out of a group.

    Raises:
        NotFound: they are not in it.
        Unacceptable: its members are the LDAP server's to choose.
    """
    group, member = find_group(draft, group_reference), draft.principal(member_reference)
    _check_ours(group)
    if member.object_id not in group.members:
        raise NotFound(f"`{member.display_name}` is not in the group `{group.display_name}`")
    members = tuple(m for m in group.members if m != member.object_id)
    changed = msgspec.structs.replace(group, members=members)
    draft.put(changed)
    return changed


def _check_ours(group: Group) -> None:
    if group.ldap is not None:
        raise Unacceptable(
            f"the members of `{group.display_name}` are those that its LDAP server names; change "
            "them there, or put this group into one made with `pratique group create`"
        )


def delete_group(draft: Draft, reference: str) -> Group:
    """Take a group away with its role assignments and memberships in other groups."""
    group = find_group(draft, reference)
    draft.delete(group)
    drop_assignments(draft, group.object_id)
    return group
