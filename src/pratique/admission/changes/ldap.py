"""The LDAP server: set up, carried out what a sync planned, and taken away with its users."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from pratique.access.patience import endless
from pratique.admission.changes.draft import Draft
from pratique.admission.changes.ldap_planning import SyncPlan, plan
from pratique.admission.changes.names import reserved_names
from pratique.admission.errors import NotFound, Unacceptable
from pratique.admission.snapshot import Snapshot
from pratique.identity import Group, User
from pratique.identity.ldap import DEFAULTS, LdapContent, LdapKind, LdapSetup, filters, read_url
from pratique.naming.errors import printable

LONGEST = 1024


class WantedSetup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A setup as the operator gives it; what is None is as the kind of server has it."""

    url: str
    kind: LdapKind
    user_base: str
    user_filter: str | None = None
    name_attribute: str | None = None
    group_base: str = ""
    group_filter: str | None = None
    bind_dn: str = ""
    bind_password_file: str = ""
    ca_file: str = ""
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Removed:
    """A setup that is gone, and the users who were disabled with it."""

    setup: LdapSetup
    users: tuple[User, ...]


def set_up(draft: Draft, wanted: WantedSetup, *, from_folder: bool) -> LdapSetup:
    """Ask this LDAP server from now on, in place of any other.

    Args:
        draft: collects the change.
        wanted: what the operator gave.
        from_folder: whether the folder's owner asks. Nobody else names files of the server's
            machine: what they hold would be sent to a server of the caller's choice.

    Raises:
        Unacceptable: it makes no sense.
    """
    if (wanted.bind_password_file or wanted.ca_file) and not from_folder:
        raise Unacceptable(
            "files of the server's machine are named there alone, since their content is sent to "
            "the LDAP server: run `pratique ldap set` with `--data DIR`"
        )
    setup = _read(wanted, draft)
    draft.put(setup)
    return setup


def find(snapshot: Snapshot) -> LdapSetup:
    """The setup.

    Raises:
        NotFound: there is none.
    """
    if snapshot.ldap is None:
        raise NotFound("no LDAP server is set up; `pratique ldap set` names one")
    return snapshot.ldap


def remove(draft: Draft, *, with_users: bool) -> Removed:
    """Ask the LDAP server no more.

    Args:
        draft: collects the change.
        with_users: disable its users and empty its groups.

    Raises:
        NotFound: there is none.
        Unacceptable: enabled users come from it and are not to go with it.
    """
    setup = find(draft.snapshot)
    directory = draft.snapshot.directory
    users = [u for u in directory.users.values() if u.ldap and u.enabled]
    if users and not with_users:
        raise Unacceptable(
            f"the LDAP server keeps the passwords of {len(users)} enabled users, who could not "
            "sign in any more and yet keep what they have signed in with; disable them, and empty "
            "its groups, with --with-users"
        )
    draft.delete(setup)
    disabled: list[User] = []
    for user in users:
        if user.ldap is not None:
            gone = replace(user.ldap, stands=False)
            disabled.append(replace(user, enabled=False, ldap=gone, password_id=draft.new_id()))
    for user in disabled:
        draft.put(user)
    for group in directory.groups.values():
        if with_users and group.ldap and group.members:
            draft.put(replace(group, members=()))
    return Removed(setup, tuple(disabled))


def carry_out(
    draft: Draft, setup: LdapSetup, content: LdapContent, planned: SyncPlan, *, force: bool
) -> SyncPlan:
    """Make a sync stand.

    Args:
        draft: collects the change.
        setup: by which the content was read.
        content: of the LDAP server.
        planned: from it; planned anew if the directory has changed since.
        force: even if it disables more than half of the users, or empties more than half of the
            groups.

    Raises:
        Unacceptable: it would, and is not forced; or the setup is another one by now, or another
            sync was carried out since the content was read.
    """
    if draft.snapshot.ldap != setup:
        raise Unacceptable(
            "nothing was changed: another sync, or another setup, came first; begin again"
        )
    if draft.snapshot.version != planned.version:
        planned = plan(
            content,
            draft.snapshot.directory,
            version=draft.snapshot.version,
            at=draft.at,
            new_id=draft.new_id,
            patience=endless,
            reserved=reserved_names(draft.snapshot),
        )
    if not force:
        check_losses(planned)
    for record in planned.records:
        draft.put(record)
    draft.put(replace(setup, synced_at=draft.at))
    return planned


def check_losses(planned: SyncPlan) -> None:
    """Refuse what looks like a mistake of the setup or of the server: most of them gone at once.

    Raises:
        Unacceptable: more than half would lose their force.
    """
    for kind, present, lost in planned.lost:
        if 2 * lost > present:
            what = "disable" if kind == "user" else "empty"
            raise Unacceptable(
                f"the sync would {what} {lost} of {present} {kind}s, more than half; see with "
                "`--dry-run` which, and if it is meant, add `--force`"
            )


def _read(wanted: WantedSetup, draft: Draft) -> LdapSetup:
    known = DEFAULTS[wanted.kind]
    attribute = wanted.name_attribute or known.name_attribute
    if not attribute.isascii() or not attribute.replace("-", "").isalnum():
        raise Unacceptable(f"`{printable(attribute)}` is no name of an attribute")
    default = known.user_filter.replace("{attribute}", attribute)
    user_filter = wanted.user_filter or default
    group_filter = wanted.group_filter or known.group_filter
    for text in (user_filter, group_filter):
        try:
            filters.check(text)
        except ValueError as error:
            raise Unacceptable(f"`{printable(text, 200)}` is no filter: {error}") from error
    if filters.NAME not in user_filter:
        raise Unacceptable(
            f"the user filter says nowhere what the user name is; write `{filters.NAME}` where it "
            f"stands, as in `({attribute}={filters.NAME})`"
        )
    _check_ways_in(wanted)
    return LdapSetup(
        url=wanted.url,
        kind=wanted.kind,
        name_attribute=attribute,
        user_base=wanted.user_base,
        user_filter=user_filter,
        group_base=wanted.group_base,
        group_filter=group_filter,
        created_at=draft.at,
        bind_dn=wanted.bind_dn,
        bind_password_file=wanted.bind_password_file,
        ca_file=wanted.ca_file,
        plain=wanted.plain,
    )


def _check_ways_in(wanted: WantedSetup) -> None:
    try:
        address = read_url(wanted.url)
    except ValueError as error:
        raise Unacceptable(
            f"`{printable(wanted.url, 200)}` is no address of an LDAP server: {error}"
        ) from error
    if wanted.plain and address.tls_first:
        raise Unacceptable("`ldaps://` is TLS from the beginning; leave out --plain")
    if bool(wanted.bind_dn) != bool(wanted.bind_password_file):
        raise Unacceptable(
            "give --bind-dn and --bind-password-file, or neither to read as nobody: a bind "
            "without a password proves nothing"
        )
    if not wanted.user_base:
        raise Unacceptable("say below which entry users are, with --user-base")
    for text in (wanted.user_base, wanted.group_base, wanted.bind_dn):
        if len(text) > LONGEST or not text.isprintable():
            raise Unacceptable(f"`{printable(text)}` is no distinguished name")
    for path in (wanted.bind_password_file, wanted.ca_file):
        if path and (not path.startswith("/") or len(path) > LONGEST or not path.isprintable()):
            raise Unacceptable(f"`{printable(path)}` is no absolute path")


def groups_of(snapshot: Snapshot) -> list[Group]:
    """The groups that come from the LDAP server."""
    return [g for g in snapshot.directory.groups.values() if g.ldap]


def users_of(snapshot: Snapshot) -> list[User]:
    """The users who come from the LDAP server."""
    return [u for u in snapshot.directory.users.values() if u.ldap]
