"""What a sync with the LDAP server would change: from its content and the directory to records.

Pure. Nobody is deleted, so that role assignments keep their meaning: who vanished is disabled, a
group that vanished is emptied. Nobody is taken over either: a user of another origin who has the
name stays as they are, and so does one whose entry was another one before, since a new person of
the same name is not to have the old one's roles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from pratique.access.patience import Patience
from pratique.admission.changes.people import check_user_name
from pratique.admission.errors import Unacceptable
from pratique.identity import NULL_GUID, Directory, Group, LdapOrigin, User
from pratique.identity.directory import is_guid
from pratique.identity.ldap import LdapContent, LdapGroup, LdapUser, comparable
from pratique.naming.errors import printable

# A group, its entry, and what is new about it.
_Placed = tuple[Group, LdapGroup, list[str]]
_HELD: Final = "somebody else signs in with this name"


@dataclass(frozen=True, slots=True)
class Change:
    """What would be done to one user or group.

    Attributes:
        kind: `user` or `group`.
        done: in words, for example `added` or `disabled`.
    """

    kind: str
    name: str
    done: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """An entry that stays out, and why."""

    kind: str
    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """What a sync would do.

    Attributes:
        version: of the ledger that it is made for; it fits no other.
        records: that would stand.
        lost: for users and for groups, how many there are now and how many would lose their force.
    """

    version: int
    records: tuple[User | Group, ...]
    changes: tuple[Change, ...]
    conflicts: tuple[Conflict, ...]
    lost: tuple[tuple[str, int, int], ...]


def plan(
    content: LdapContent,
    directory: Directory,
    *,
    version: int,
    at: datetime,
    new_id: Callable[[], str],
    patience: Patience,
    reserved: frozenset[str] = frozenset(),
) -> SyncPlan:
    """What would change for the directory to say what the LDAP server says.

    Args:
        content: all of the server's users and groups.
        directory: as it stands.
        version: of the ledger that says so.
        at: now, with a time zone.
        new_id: gives a new GUID.
        patience: asked at each entry.
        reserved: lower-cased names that registries and tokens have, which are nobody's user names.
    """
    work = _Work(directory, at, new_id, patience, reserved)
    _plan_users(work, content.users)
    if content.groups is not None:
        _plan_groups(work, content.groups)
    return SyncPlan(
        version,
        tuple(work.records.values()),
        tuple(work.changes),
        tuple(work.conflicts),
        (_lost("user", work), _lost("group", work)),
    )


@dataclass
class _Work:
    """What is planned so far.

    Attributes:
        ids: object ids by comparable distinguished name, of users and groups that are there.
        names: object ids of users who are there, by lower-cased user name.
        taken: lower-cased user names that somebody is given.
        renamed: the new user names of users, by object id.
        freed: lower-cased user names whose former holder has another one.
    """

    directory: Directory
    at: datetime
    new_id: Callable[[], str]
    patience: Patience
    reserved: frozenset[str] = frozenset()
    records: dict[str, User | Group] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    freed: set[str] = field(default_factory=set)
    renamed: dict[str, str] = field(default_factory=dict)

    def put(self, kind: str, name: str, record: User | Group, *done: str) -> None:
        """Let a record stand, and say what is new about it."""
        self.records[record.object_id] = record
        self.changes.append(Change(kind, name, done))

    def stays_out(self, kind: str, name: str, sentence: str) -> None:
        """Leave an entry as it is."""
        self.conflicts.append(Conflict(kind, printable(name, 100), sentence))


def _plan_users(work: _Work, entries: tuple[LdapUser, ...]) -> None:
    known = {u.ldap.entry_id: u for u in work.directory.users.values() if u.ldap}
    count = Counter(entry.user_name.casefold() for entry in entries)
    in_order = sorted(entries, key=lambda e: (e.user_name.casefold(), e.entry_id))
    seen = {entry.entry_id for entry in entries}
    staying = [(known[e.entry_id], e) for e in in_order if e.entry_id in known]
    _rename_users(work, staying)
    for user, entry in staying:
        work.patience()
        _keep_user(work, user, entry)
    for entry in in_order:
        work.patience()
        if entry.entry_id not in known and entry.enabled:
            _add_user(work, entry, alone=count[entry.user_name.casefold()] == 1)
    for entry_id, user in known.items():
        if entry_id not in seen and user.ldap and (user.enabled or user.ldap.stands):
            gone = replace(user.ldap, stands=False)
            changed = replace(user, enabled=False, ldap=gone, password_id=work.new_id())
            work.put("user", user.user_name, changed, "disabled: the entry is gone")


def _rename_users(work: _Work, staying: list[tuple[User, LdapUser]]) -> None:
    """Find out who gets the new name of their entry: all for whom it is free, or becomes so."""
    waiting = [(u, e) for u, e in staying if e.user_name.casefold() != u.user_name.casefold()]
    before = len(waiting) + 1
    while waiting and len(waiting) < before:
        before, still = len(waiting), []
        for user, entry in waiting:
            work.patience()
            if _why_not(work, entry.user_name) is None:
                work.taken.add(entry.user_name.casefold())
                work.freed.add(user.user_name.casefold())
                work.renamed[user.object_id] = entry.user_name
            else:
                still.append((user, entry))
        waiting = still
    for user, entry in waiting:
        problem = _why_not(work, entry.user_name)
        work.stays_out("user", entry.user_name, f"{problem}; stays `{user.user_name}`")


def _keep_user(work: _Work, user: User, entry: LdapUser) -> None:
    """Bring a user up to date whose entry is still there."""
    before = user.ldap
    if before is None:
        return
    done, after = [], user
    if user.object_id in work.renamed:
        done.append(f"renamed: `{user.user_name}` before")
        after = replace(after, user_name=work.renamed[user.object_id])
    shown = entry.display_name or entry.user_name
    if shown != user.display_name:
        done.append("display name")
        after = replace(after, display_name=shown)
    if entry.distinguished_name != before.distinguished_name:
        done.append("distinguished name")
    if entry.password_changed != before.password_changed:
        done.append("password changed: signed out")
        after = replace(after, password_id=work.new_id())
    if not entry.enabled and (user.enabled or before.stands):
        done.append("disabled: may not sign in there")
        after = replace(after, enabled=False, password_id=work.new_id())
    if entry.enabled and not before.stands:
        done.append("enabled")
        after = replace(after, enabled=True)
    origin = LdapOrigin(
        entry.distinguished_name, before.entry_id, entry.password_changed, entry.enabled
    )
    if done:
        work.put("user", after.user_name, replace(after, ldap=origin), *done)
    _is_there(work, entry.distinguished_name, after)


def _add_user(work: _Work, entry: LdapUser, *, alone: bool) -> None:
    problem = _why_not(work, entry.user_name)
    if problem is None and not alone:
        problem = "several entries have this user name"
    if problem is not None:
        work.stays_out("user", entry.user_name or entry.distinguished_name, problem)
        return
    work.taken.add(entry.user_name.casefold())
    user = User(
        object_id=work.new_id(),
        user_name=entry.user_name,
        display_name=entry.display_name or entry.user_name,
        password_id=work.new_id(),
        password_hash="",
        created_at=work.at,
        ldap=LdapOrigin(entry.distinguished_name, entry.entry_id, entry.password_changed),
    )
    work.put("user", user.user_name, user, "added")
    _is_there(work, entry.distinguished_name, user)


def _is_there(work: _Work, distinguished_name: str, user: User) -> None:
    work.ids[comparable(distinguished_name)] = user.object_id
    work.names[user.user_name.casefold()] = user.object_id


def _why_not(work: _Work, user_name: str) -> str | None:
    """Why nobody can be given this user name; None when somebody can."""
    try:
        check_user_name(user_name)
    except Unacceptable as error:
        return str(error)
    key = user_name.casefold()
    if is_guid(user_name) or user_name == NULL_GUID:
        return f"`{user_name}` looks like an id"
    if key == work.directory.admin_name:
        return f"`{user_name}` is the name of the registry and its admin user"
    if key in work.reserved:
        return _HELD
    holder = work.directory.account(user_name)
    if key in work.taken or (holder is not None and key not in work.freed):
        return _held_by(holder) if isinstance(holder, User) else _HELD
    return None


def _held_by(user: User) -> str:
    name = user.user_name
    if user.ldap is None:
        return f"`{name}` is a user of this registry, and is not taken over"
    return (
        f"`{name}` was another entry before and may have roles, which another person is not to "
        f"have; `pratique user delete {name}` makes room for this one"
    )


def _plan_groups(work: _Work, entries: tuple[LdapGroup, ...]) -> None:
    groups = work.directory.groups.values()
    known = {g.ldap.entry_id: g for g in groups if g.ldap}
    names = {g.display_name.casefold() for g in groups}
    count = Counter(entry.name.casefold() for entry in entries)
    in_order = sorted(entries, key=lambda e: (e.name.casefold(), e.entry_id))
    placed = _keep_groups(work, [e for e in in_order if e.entry_id in known], known, names)
    for entry in in_order:
        work.patience()
        if entry.entry_id in known:
            continue
        problem = _why_no_group(entry, names)
        if problem is None and count[entry.name.casefold()] > 1:
            problem = "several entries have this group name"
        if problem is not None:
            work.stays_out("group", entry.name or entry.distinguished_name, problem)
            continue
        names.add(entry.name.casefold())
        placed.append((Group(work.new_id(), entry.name, work.at), entry, ["added"]))
    for group, entry, _ in placed:
        work.ids[comparable(entry.distinguished_name)] = group.object_id
    for group, entry, done in placed:
        work.patience()
        _fill_group(work, group, entry, done)
    seen = {entry.entry_id for entry in entries}
    for entry_id, group in known.items():
        if entry_id not in seen and group.ldap and (group.members or group.ldap.stands):
            gone = replace(group, members=(), ldap=replace(group.ldap, stands=False))
            work.put("group", group.display_name, gone, "emptied: the entry is gone")


def _keep_groups(
    work: _Work, entries: list[LdapGroup], known: Mapping[str, Group], names: set[str]
) -> list[_Placed]:
    """The groups whose entries are still there, under the new names that are free."""
    placed: list[_Placed] = []
    waiting = entries
    before = len(waiting) + 1
    while waiting and len(waiting) < before:
        before, still = len(waiting), []
        for entry in waiting:
            work.patience()
            group = known[entry.entry_id]
            former = group.display_name
            if entry.name.casefold() == former.casefold():
                placed.append((group, entry, []))
            elif _why_no_group(entry, names) is None:
                names.remove(former.casefold())
                names.add(entry.name.casefold())
                renamed = replace(group, display_name=entry.name)
                placed.append((renamed, entry, [f"renamed: `{former}` before"]))
            else:
                still.append(entry)
        waiting = still
    for entry in waiting:
        group = known[entry.entry_id]
        problem = _why_no_group(entry, names)
        work.stays_out("group", entry.name, f"{problem}; stays `{group.display_name}`")
        placed.append((group, entry, []))
    return placed


def _why_no_group(entry: LdapGroup, names: set[str]) -> str | None:
    if not entry.name:
        return "the group has no name"
    if entry.name.casefold() in names:
        return f"there is a group `{printable(entry.name)}` already, and it is not taken over"
    return None


def _fill_group(work: _Work, group: Group, entry: LdapGroup, done: list[str]) -> None:
    found = {
        *(work.ids.get(comparable(name)) for name in entry.members),
        *(work.names.get(name.casefold()) for name in entry.member_names),
    }
    members = {member for member in found if member is not None} - {group.object_id}
    before = set(group.members)
    origin = LdapOrigin(entry.distinguished_name, entry.entry_id)
    more, fewer = len(members - before), len(before - members)
    if more or fewer:
        done.append(f"members: {more} more, {fewer} fewer")
    elif not done and origin != group.ldap:
        done.append("distinguished name")
    if done:
        filled = replace(group, members=tuple(sorted(members)), ldap=origin)
        work.put("group", group.display_name, filled, *done)


def _lost(kind: str, work: _Work) -> tuple[str, int, int]:
    """How many of a kind have force, and how many of them would have it no more."""
    if kind == "user":
        users = [u for u in work.directory.users.values() if u.ldap and u.enabled]
        after = [work.records.get(u.object_id) for u in users]
        return kind, len(users), sum(isinstance(u, User) and not u.enabled for u in after)
    groups = [g for g in work.directory.groups.values() if g.ldap and g.members]
    now = [work.records.get(g.object_id) for g in groups]
    return kind, len(groups), sum(isinstance(g, Group) and not g.members for g in now)
