"""Service principals and their client secrets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from pratique.admission.changes.draft import Draft, display_name
from pratique.admission.changes.roles import drop_assignments
from pratique.admission.errors import NotFound, Unacceptable
from pratique.identity import Application, StoredSecret

MAX_SECRETS = 20


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret just made; `text` is shown this once and kept nowhere."""

    application: Application
    stored: StoredSecret
    text: str


def create(draft: Draft, name: str, days: int | None) -> NewSecret:
    """A new application with a service principal and a first secret of `days` life."""
    secret, text = draft.secret("default", draft.expiry(days))
    application = Application(
        object_id=draft.new_id(),
        client_id=draft.new_id(),
        display_name=display_name(name),
        created_at=draft.at,
        secrets=(secret,),
    )
    draft.put(application)
    return NewSecret(application, secret, text)


def register(draft: Draft, name: str) -> Application:
    """A new application with a service principal, by which nobody can sign in yet."""
    application = Application(
        object_id=draft.new_id(),
        client_id=draft.new_id(),
        display_name=display_name(name),
        created_at=draft.at,
    )
    draft.put(application)
    return application


def find(draft: Draft, reference: str) -> Application:
    """The service principal that `reference` means.

    Raises:
        NotFound: it means none.
    """
    found = draft.principal(reference)
    if not isinstance(found, Application):
        raise NotFound(f"`{reference}` is not a service principal; `pratique sp list` shows them")
    return found


def add_secret(draft: Draft, reference: str, name: str, days: int | None) -> NewSecret:
    """One more secret beside those that stand; secrets that have expired are dropped.

    Raises:
        Unacceptable: it has 20 secrets already, or is a managed identity, which has none.
    """
    return add_secret_until(draft, reference, name, draft.expiry(days))


def add_secret_until(
    draft: Draft, reference: str, name: str, expires_at: datetime | None
) -> NewSecret:
    """The same, with the moment at which it expires, with a time zone; None for never.

    Raises:
        Unacceptable: it would have expired already, or as `add_secret`.
    """
    application = find(draft, reference)
    if expires_at is not None and expires_at <= draft.at:
        raise Unacceptable(f"the secret would have expired at {expires_at:%Y-%m-%d %H:%M} UTC")
    if application.resource_id:
        raise Unacceptable(
            f"`{application.display_name}` is a managed identity, which has no secrets of its own; "
            "`pratique identity assign` gives it to a host"
        )
    standing = tuple(s for s in application.secrets if not s.expired(draft.at))
    if len(standing) >= MAX_SECRETS:
        raise Unacceptable(f"`{application.display_name}` has {MAX_SECRETS} secrets; delete one")
    secret, text = draft.secret(display_name(name), expires_at)
    changed = msgspec.structs.replace(application, secrets=(*standing, secret))
    draft.put(changed)
    return NewSecret(changed, secret, text)


def delete_secret(draft: Draft, reference: str, secret: str) -> StoredSecret:
    """Take away the secret of that id or, if it is the only one so called, name.

    Raises:
        NotFound: it has no such secret.
    """
    application = find(draft, reference)
    matching = [s for s in application.secrets if secret in {s.secret_id, s.name}]
    if len(matching) != 1:
        problem = "several secrets" if matching else "no secret"
        raise NotFound(
            f"`{application.display_name}` has {problem} called `{secret}`; "
            f"`pratique sp secret list {reference}` shows their ids"
        )
    kept = tuple(s for s in application.secrets if s is not matching[0])
    draft.put(msgspec.structs.replace(application, secrets=kept))
    return matching[0]


def set_enabled(draft: Draft, reference: str, *, enabled: bool) -> Application:
    """Enable or disable; a disabled one is refused everything from the next request on."""
    changed = msgspec.structs.replace(find(draft, reference), enabled=enabled)
    draft.put(changed)
    return changed


def delete(draft: Draft, reference: str) -> Application:
    """Take it away with its secrets, role assignments and group memberships."""
    application = find(draft, reference)
    draft.delete(application)
    drop_assignments(draft, application.object_id)
    return application
