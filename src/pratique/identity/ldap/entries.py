"""People and groups as an LDAP server tells of them, read from the attributes of their entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from pratique.identity.ldap.distinguished_names import comparable
from pratique.identity.ldap.setup import LdapKind, LdapSetup

# MS-ADTS 2.2.16: the bit of an account that may not sign in.
_ACCOUNTDISABLE: Final = 0x2
# What ppolicy writes for an account that an administrator locked (draft-behera 5.3.3).
_LOCKED_FOR_GOOD: Final = b"000001010000Z"
_WINDOWS_EPOCH: Final = datetime(1601, 1, 1, tzinfo=UTC)
_MEMBERS: Final = ("member", "uniqueMember")
_MEMBER_NAMES: Final = "memberUid"
_LONGEST_NAME: Final = 256


@dataclass(frozen=True, slots=True)
class LdapEntry:
    """An entry as it came.

    Attributes:
        attributes: by lower-cased name; values as they came.
    """

    distinguished_name: str
    attributes: Mapping[str, tuple[bytes, ...]]

    def first(self, name: str) -> bytes:
        """The first value of an attribute; empty when there is none."""
        return next(iter(self.attributes.get(name.lower(), ())), b"")

    def text(self, name: str) -> str:
        """The first value as text; what is not UTF-8 shows as the replacement character."""
        return self.first(name).decode("utf-8", "replace").strip()

    def texts(self, name: str) -> tuple[str, ...]:
        """All values as text."""
        return tuple(v.decode("utf-8", "replace") for v in self.attributes.get(name.lower(), ()))


@dataclass(frozen=True, slots=True)
class LdapUser:
    """A person.

    Attributes:
        entry_id: stays the same when the entry is renamed or moved.
        enabled: whether the server lets them sign in.
        password_changed: a mark that differs after each change of the password; empty where the
            server tells of none.
    """

    distinguished_name: str
    entry_id: str
    user_name: str
    display_name: str
    enabled: bool = True
    password_changed: str = ""


@dataclass(frozen=True, slots=True)
class LdapGroup:
    """A group.

    Attributes:
        members: distinguished names, of users and of groups.
        member_names: user names, of groups that list those (RFC 2307).
    """

    distinguished_name: str
    entry_id: str
    name: str
    members: tuple[str, ...] = ()
    member_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LdapContent:
    """Everything that a sync goes by; whole, or it would not be here.

    Attributes:
        groups: None where groups are to be left alone.
    """

    users: tuple[LdapUser, ...]
    groups: tuple[LdapGroup, ...] | None


def user_attributes(setup: LdapSetup) -> list[str]:
    """What is asked of an entry of a user."""
    known = setup.defaults
    per_kind = {
        LdapKind.ACTIVE_DIRECTORY: ("userAccountControl", "accountExpires"),
        LdapKind.OPENLDAP: ("pwdAccountLockedTime", "nsAccountLock"),
    }
    asked = (setup.name_attribute, known.display_name, "cn", known.entry_id, known.last_change)
    return list(dict.fromkeys((*asked, *per_kind[setup.kind])))


def group_attributes(setup: LdapSetup) -> list[str]:
    """What is asked of an entry of a group."""
    known = setup.defaults
    return list(dict.fromkeys((known.group_name, "cn", known.entry_id, *_MEMBERS, _MEMBER_NAMES)))


def read_user(entry: LdapEntry, setup: LdapSetup, at: datetime) -> LdapUser:
    """The person that an entry tells of.

    Args:
        entry: as it came.
        setup: says which attributes mean what.
        at: now, with a time zone; an account that ended before may not sign in.
    """
    known = setup.defaults
    user_name = entry.text(setup.name_attribute)
    return LdapUser(
        distinguished_name=entry.distinguished_name,
        entry_id=_entry_id(entry, setup),
        user_name=user_name,
        display_name=_shown(entry.text(known.display_name) or entry.text("cn") or user_name),
        enabled=not _disabled(entry, setup, at),
        password_changed=entry.first(known.last_change)[:64].decode("ascii", "replace"),
    )


def read_group(entry: LdapEntry, setup: LdapSetup) -> LdapGroup:
    """The group that an entry tells of."""
    known = setup.defaults
    return LdapGroup(
        distinguished_name=entry.distinguished_name,
        entry_id=_entry_id(entry, setup),
        name=_shown(entry.text(known.group_name) or entry.text("cn")),
        members=tuple(m for name in _MEMBERS for m in entry.texts(name)),
        member_names=entry.texts(_MEMBER_NAMES),
    )


def _entry_id(entry: LdapEntry, setup: LdapSetup) -> str:
    value = entry.first(setup.defaults.entry_id)
    if not value:
        return f"dn:{comparable(entry.distinguished_name)}"
    if setup.kind is LdapKind.ACTIVE_DIRECTORY:
        return value.hex()
    return value.decode("ascii", "replace").casefold()


def _disabled(entry: LdapEntry, setup: LdapSetup, at: datetime) -> bool:
    if setup.kind is LdapKind.OPENLDAP:
        locked = entry.first("pwdAccountLockedTime") == _LOCKED_FOR_GOOD
        return locked or entry.first("nsAccountLock").lower() == b"true"
    return bool(_number(entry, "userAccountControl") & _ACCOUNTDISABLE) or _ended(entry, at)


def _ended(entry: LdapEntry, at: datetime) -> bool:
    """Whether the account's last moment is past: tenths of microseconds since 1601, 0 for never."""
    ticks = _number(entry, "accountExpires")
    try:
        return ticks > 0 and _WINDOWS_EPOCH + timedelta(microseconds=ticks // 10) <= at
    except OverflowError:
        return False


def _number(entry: LdapEntry, name: str) -> int:
    try:
        return int(entry.first(name)[:20])
    except ValueError:
        return 0


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text).strip()[:_LONGEST_NAME]
