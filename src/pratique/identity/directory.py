"""The directory at one moment, indexed for sign-in and for naming people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

from pratique.identity.records import AdminAccount, Application, Group, TokenAccount, User

Account = User | Application | TokenAccount | AdminAccount
T = TypeVar("T")

# When a credential that does not exist expired.
_GONE = datetime.min.replace(tzinfo=UTC)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def is_guid(text: str) -> bool:
    """Whether `text` looks like an object id or a client id."""
    return _GUID.fullmatch(text.lower()) is not None


@dataclass(frozen=True, slots=True)
class Directory:
    """Everybody who can sign in, and the groups.

    Users, applications and groups are the same for all registries of a server; tokens and the
    admin user are those of the registry from which the directory is seen (`seen_from`).

    Attributes:
        users: by lower-cased user name.
        applications: by client id.
        groups: by object id.
        tokens: by lower-cased name.
        admin_name: the registry's name, lower-cased; the admin user's name too.
        expiry_of_credentials: of all secrets and passwords by their id, None for never.
    """

    users: Mapping[str, User]
    applications: Mapping[str, Application]
    groups: Mapping[str, Group]
    tokens: Mapping[str, TokenAccount]
    admin: AdminAccount | None
    admin_name: str
    by_object_id: Mapping[str, User | Application | Group]
    expiry_of_credentials: Mapping[str, datetime | None]

    @classmethod
    def empty(cls, registry_name: str) -> Directory:
        """The directory of a registry in which nobody is yet."""
        return cls({}, {}, {}, {}, None, registry_name.casefold(), {}, {})

    def seen_from(
        self, registry_name: str, admin: AdminAccount | None, tokens: Mapping[str, TokenAccount]
    ) -> Directory:
        """The same directory, with the tokens and the admin user of one registry.

        Args:
            registry_name: the admin user's name too.
            admin: its account; None when it was never enabled.
            tokens: by lower-cased name.
        """
        return replace(self, admin_name=registry_name.casefold(), admin=admin, tokens=tokens)

    def changed(
        self, gone: Iterable[Account | Group], come: Iterable[Account | Group]
    ) -> Directory:
        """The directory once the records `come` stand and the records `gone` do no more.

        Of tokens and admin users only their credentials are taken, of all registries: `seen_from`
        says whose they are.

        Args:
            gone: as they stood; for a record that changed, the former one.
            come: as they stand now.
        """
        left, arrived = tuple(gone), tuple(come)
        if not left and not arrived:
            return self
        people, services, crowds = _of(left, User), _of(left, Application), _of(left, Group)
        return replace(
            self,
            users=_put(
                self.users,
                [u.user_name.casefold() for u in people],
                {u.user_name.casefold(): u for u in _of(arrived, User)},
            ),
            applications=_put(
                self.applications,
                [a.client_id for a in services],
                {a.client_id: a for a in _of(arrived, Application)},
            ),
            groups=_put(
                self.groups,
                [g.object_id for g in crowds],
                {g.object_id: g for g in _of(arrived, Group)},
            ),
            by_object_id=_put(
                self.by_object_id,
                [p.object_id for p in _principals(left)],
                {p.object_id: p for p in _principals(arrived)},
            ),
            expiry_of_credentials=_put(
                self.expiry_of_credentials,
                [key for account in left for key, _ in _credentials(account)],
                {key: expiry for account in arrived for key, expiry in _credentials(account)},
            ),
        )

    def credential_stands(self, credential_id: str, at: datetime) -> bool:
        """Whether the secret or password of that id exists and has not expired at `at`.

        A registry token dies with the credential it was made with.
        """
        expiry = self.expiry_of_credentials.get(credential_id, _GONE)
        return expiry is None or expiry > at

    def account(self, user_name: str) -> Account | None:
        """Whose sign-in name this is.

        The registry's name is the admin user's; then tokens, then client ids, then users. Names
        are kept distinct when they are made, so the order never hides anybody.
        """
        key = user_name.casefold()
        if key == self.admin_name:
            return self.admin
        return self.tokens.get(key) or self.applications.get(key) or self.users.get(key)

    def principal(self, reference: str) -> User | Application | Group | None:
        """The principal that `reference` means: an object id, client id, user or group name.

        None when nobody, or more than one group or application of that name, answers to it.
        """
        key = reference.casefold()
        found = self.by_object_id.get(key) or self.applications.get(key) or self.users.get(key)
        if found is not None:
            return found
        named = self.called(reference)
        return named[0] if len(named) == 1 else None

    def called(self, display_name: str) -> list[Application | Group]:
        """The groups and applications of that name, which several may have."""
        key = display_name.casefold()
        candidates: list[Application | Group] = [
            *self.groups.values(),
            *self.applications.values(),
        ]
        return [c for c in candidates if c.display_name.casefold() == key]


def _of(records: Iterable[Account | Group], wanted: type[T]) -> list[T]:
    return [r for r in records if isinstance(r, wanted)]


def _principals(records: Iterable[Account | Group]) -> list[User | Application | Group]:
    return [r for r in records if isinstance(r, User | Application | Group)]


def _put(present: Mapping[str, T], gone: Iterable[str], come: Mapping[str, T]) -> Mapping[str, T]:
    left = tuple(gone)
    if not left and not come:
        return present
    after = dict(present)
    for key in left:
        after.pop(key, None)
    after.update(come)
    return after


def _credentials(account: Account | Group) -> list[tuple[str, datetime | None]]:
    """The ids of an account's secrets and passwords, and when each expires."""
    match account:
        case User():
            return [(account.password_id, None)]
        case Application():
            return [
                *((s.secret_id, s.expires_at) for s in account.secrets),
                *((c.certificate_id, c.expires_at) for c in account.certificates),
                *((f.credential_id, None) for f in account.federated),
            ]
        case TokenAccount() | AdminAccount():
            return [(s.secret_id, s.expires_at) for s in account.passwords]
        case Group():
            return []
