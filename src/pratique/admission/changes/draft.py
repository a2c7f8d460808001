"""A change in the making: a snapshot to read, and the rows that shall stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import msgspec

from pratique.admission import translation
from pratique.admission.errors import Unacceptable
from pratique.admission.kept import Kept
from pratique.admission.ledger import Row
from pratique.admission.records import AssignmentRecord, Record, kind_and_key
from pratique.admission.snapshot import Snapshot
from pratique.identity import Application, Group, StoredSecret, User, hash_secret, new_secret
from pratique.identity.totp import new_totp_secret

MAX_NAME_LENGTH = 256
LONGEST_LIFE_DAYS = 36_500


class Draft:
    """Collects rows against one snapshot.

    Args:
        snapshot: what the change is based on; it is lost if the ledger has moved on.
        at: now, with a time zone.
        new_id: gives a new GUID.
        random_bytes: gives that many unpredictable bytes.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        at: datetime,
        new_id: Callable[[], str],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self.snapshot = snapshot
        self.at = at
        self.new_id = new_id
        self._random_bytes = random_bytes
        self._come: dict[tuple[str, str], Record] = {}
        self._gone: dict[tuple[str, str], Record] = {}

    @property
    def rows(self) -> tuple[Row, ...]:
        """What shall stand, each record once."""
        come = (Row(*key, msgspec.json.encode(record)) for key, record in self._come.items())
        gone = (Row(*key, None) for key in self._gone)
        return (*come, *gone)

    def replaced(self) -> Iterator[tuple[tuple[str, str], Record | None, Record | None]]:
        """Kind and key of each record, how it stood before, and how it shall stand.

        Of a role assignment that is written over, how it stood is not known: the law holds it
        under another form.
        """
        for key, record in self._come.items():
            yield key, self.snapshot.records.get(key), record
        for key, record in self._gone.items():
            yield key, record, None

    def outcome(self) -> Snapshot:
        """The snapshot that would stand if this were carried out."""
        gone, come = map(_as_held, self._gone.values()), map(_as_held, self._come.values())
        return self.snapshot.changed(self.snapshot.version, gone, come)

    def put(self, record: Record) -> None:
        """Let `record` stand, in place of any of the same kind and key."""
        key = kind_and_key(record)
        self._gone.pop(key, None)
        self._come[key] = record

    def delete(self, record: Record) -> None:
        """Let `record` stand no more."""
        key = kind_and_key(record)
        self._come.pop(key, None)
        self._gone[key] = record

    def secret(self, name: str, expires_at: datetime | None) -> tuple[StoredSecret, str]:
        """A new secret: what is stored, and what is shown once."""
        text = new_secret(self._random_bytes)
        stored = StoredSecret(self.new_id(), name, hash_secret(text), self.at, expires_at)
        return stored, text

    def totp_secret(self) -> str:
        """A new secret of one-time passwords, in base32."""
        return new_totp_secret(self._random_bytes)

    def expiry(self, days: int | None) -> datetime | None:
        """`days` from now; None for never.

        Raises:
            Unacceptable: fewer than 1 or more than 36,500.
        """
        if days is None:
            return None
        if not 1 <= days <= LONGEST_LIFE_DAYS:
            raise Unacceptable(f"a life of {days} days is not between 1 and {LONGEST_LIFE_DAYS}")
        return self.at + timedelta(days=days)

    def principal(self, reference: str) -> User | Application | Group:
        """Whom `reference` means: an object id, client id, user, group or application name.

        Raises:
            NotFound: nobody answers to it, or several do.
        """
        return self.snapshot.find_principal(reference)


def _as_held(record: Record) -> Kept:
    return translation.assignment(record) if isinstance(record, AssignmentRecord) else record


def display_name(text: str) -> str:
    """A name for people to read, trimmed.

    Raises:
        Unacceptable: empty, too long or with control characters.
    """
    trimmed = text.strip()
    if not trimmed or len(trimmed) > MAX_NAME_LENGTH or not trimmed.isprintable():
        raise Unacceptable(
            f"a name has 1 to {MAX_NAME_LENGTH} printable characters; this one has not"
        )
    return trimmed
