"""What the audit log says of one thing that happened, and its bytes.

An entry's bytes are its JSON: fields in the order below, defaults left out, no spaces. They are
made once, hashed and stored as they are; nobody encodes an entry again to check it. What clients
chose is cut to a length, and what cannot be printed in it is a question mark, so that an entry is
always one line.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, Literal, get_args

import msgspec

from pratique.naming.errors import printable

Category = Literal["login", "repository", "change", "lost", "pruned"]
CATEGORIES: Final[tuple[Category, ...]] = get_args(Category)
LONGEST_TEXT: Final = 512
# More records in one change, as when an LDAP server is read, are counted and not named.
RECORDS_NAMED: Final = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class ChangedRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """A record of law, directory or settings that a change made, replaced or deleted.

    Attributes:
        name: as people know it; empty where it has none but its key.
        before: SHA-256 of what was stored, in hexadecimal; empty when there was nothing.
        after: of what is stored now; empty when it was deleted.
    """

    kind: str
    key: str
    name: str = ""
    before: str = ""
    after: str = ""


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry.

    Attributes:
        entry_id: a GUID; of a change, the one under which the ledger holds it too.
        at: with a time zone.
        operation: ACR's word for it (`Login`, `Push`), or the permission that a change needed.
        status: of the answer; 0 when there was none.
        description: why it was refused, or by which way somebody signed in.
        identity: what somebody signed in with; never a name that proved nobody.
        caller_kind: with `caller_id`, who it was, as refusals are kept; empty for nobody.
        client: the address that the request came from.
        agent: what the client calls itself.
        correlation: the id of the decision when it was refused; `pratique why` explains it.
        duration_ms: how long the answer took.
        server: the name by which the registry was addressed.
        registry: resource id of a further registry; empty for the home registry.
        size: of what was pushed or pulled, in bytes.
        law_version: which a change made.
        records: of a change, the first `RECORDS_NAMED` of `record_count`.
        lost: how many were not written, by category.
        removed: how many entries were pruned, all of them older than `before`.
        through: sequence number of the last of those.
        through_hash: and its hash, in hexadecimal.
    """

    entry_id: str
    at: datetime
    category: Category
    operation: str
    status: int = 0
    description: str = ""
    identity: str = ""
    caller_kind: str = ""
    caller_id: str = ""
    client: str = ""
    agent: str = ""
    correlation: str = ""
    duration_ms: int = 0
    server: str = ""
    registry: str = ""
    repository: str = ""
    tag: str = ""
    digest: str = ""
    media_type: str = ""
    size: int = 0
    law_version: int = 0
    records: tuple[ChangedRecord, ...] = ()
    record_count: int = 0
    lost: dict[str, int] = {}
    removed: int = 0
    before: datetime | None = None
    through: int = 0
    through_hash: str = ""


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Entry)


def encoded(entry: Entry) -> bytes:
    """The entry's bytes.

    Raises:
        ValueError: a text in it is no Unicode text.
    """
    return _ENCODER.encode(entry)


def decoded(body: bytes) -> Entry:
    """The entry that bytes stand for.

    Raises:
        msgspec.DecodeError: they stand for none.
    """
    try:
        return _DECODER.decode(body)
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(str(error)) from error


def told(text: str, limit: int = LONGEST_TEXT) -> str:
    """What a client chose, as an entry may hold it."""
    return text if text.isprintable() and len(text) <= limit else printable(text, limit)


def fingerprint(body: bytes | None) -> str:
    """By what a stored record can be recognised; empty for none.

    Secrets that a record holds are kept as salted or high-entropy hashes, so nothing of them can
    be found out by trying.
    """
    return "" if body is None else sha256(body).hexdigest()


def microseconds(at: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (at - _EPOCH) // _MICROSECOND
