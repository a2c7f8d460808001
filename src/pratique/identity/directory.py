"""The directory at one moment, indexed for sign-in and for naming people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pratique.identity.records import AdminAccount, Application, Group, TokenAccount, User

Account = User | Application | TokenAccount | AdminAccount

# When a credential that does not exist expired.
_GONE = datetime.min.replace(tzinfo=UTC)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def is_guid(text: str) -> bool:
    """Whether `text` looks like an object id or a client id."""
    return _GUID.fullmatch(text.lower()) is not None


@dataclass(frozen=True, slots=True)
class Directory:
    """Everybody who can sign in, and the groups.

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
    def build(
        cls,
        *,
        registry_name: str,
        users: Iterable[User] = (),
        applications: Iterable[Application] = (),
        groups: Iterable[Group] = (),
        tokens: Iterable[TokenAccount] = (),
        admin: AdminAccount | None = None,
    ) -> Directory:
        """Index the records."""
        people = tuple(users)
        services = tuple(applications)
        crowds = tuple(groups)
        token_accounts = tuple(tokens)
        principals: dict[str, User | Application | Group] = {}
        principals.update((u.object_id, u) for u in people)
        principals.update((a.object_id, a) for a in services)
        principals.update((g.object_id, g) for g in crowds)
        secrets = [s for a in services for s in a.secrets]
        secrets += [s for t in token_accounts for s in t.passwords]
        secrets += admin.passwords if admin else ()
        return cls(
            users={u.user_name.casefold(): u for u in people},
            applications={a.client_id: a for a in services},
            groups={g.object_id: g for g in crowds},
            tokens={t.name.casefold(): t for t in token_accounts},
            admin=admin,
            admin_name=registry_name.casefold(),
            by_object_id=principals,
            expiry_of_credentials={
                **{s.secret_id: s.expires_at for s in secrets},
                **{u.password_id: None for u in people},
            },
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
        candidates: list[Application | Group] = [
            *self.groups.values(),
            *self.applications.values(),
        ]
        named = [c for c in candidates if c.display_name.casefold() == key]
        return named[0] if len(named) == 1 else None
