"""The chain: each entry's hash covers the one before it, so that no entry stands alone.

    hash(n) = SHA-256("pratique audit 1" 0x0A || hash(n-1) || n as 8 bytes || body(n))

hash(0) is 32 zero bytes. Whoever can write the file can also write a whole new chain; only a head
that was kept elsewhere shows that. Against a change of some entries, the chain needs no help.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final, NamedTuple, Self

import msgspec

from pratique.admission.audit.entries import Entry, decoded, encoded, microseconds

_DOMAIN: Final = b"pratique audit 1\n"
_HASH_BYTES: Final = 32
_HEAD = re.compile(r"([0-9]{1,18})-([0-9a-f]{64})", re.ASCII)


class InvalidHead(ValueError):
    """A text is no head of a chain."""


class Head(NamedTuple):
    """How far a chain goes: the sequence number of an entry, and its hash."""

    seq: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.seq}-{self.hash.hex()}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The head that a text names.

        Raises:
            InvalidHead: it names none.
        """
        match = _HEAD.fullmatch(text)
        if match is None:
            raise InvalidHead(
                "a head is a number, `-` and 64 hexadecimal digits, as `pratique audit head` "
                "prints it"
            )
        return cls(int(match[1]), bytes.fromhex(match[2]))


GENESIS: Final = Head(0, bytes(_HASH_BYTES))


class Link(NamedTuple):
    """An entry as it is stored.

    Attributes:
        seq: from 1, without gaps.
        at: microseconds since 1970; the body says the same.
        category: the body says the same.
        change_id: the entry's id when it is a change; None for all else.
        body: the entry's bytes.
    """

    seq: int
    at: int
    category: str
    change_id: str | None
    body: bytes
    hash: bytes

    @property
    def head(self) -> Head:
        """The head of the chain that ends here."""
        return Head(self.seq, self.hash)


class Fault(NamedTuple):
    """What is wrong with a chain, and at which sequence number."""

    seq: int
    says: str


def linked(head: Head, entries: Sequence[Entry]) -> list[Link]:
    """The entries as they follow `head`.

    Raises:
        ValueError: a text in them is no Unicode text.
    """
    links: list[Link] = []
    for entry in entries:
        body, seq = encoded(entry), head.seq + 1
        head = Head(seq, _hash(head.hash, seq, body))
        change_id = entry.entry_id if entry.category == "change" and entry.law_version else None
        at = microseconds(entry.at)
        links.append(Link(seq, at, entry.category, change_id, body, head.hash))
    return links


class Verification:
    """Follows a chain from its first entry on, and notes everything that is wrong.

    Args:
        base: what the store says was pruned before; `GENESIS` for nothing.
        known: heads that were kept elsewhere.
    """

    def __init__(self, base: Head, known: Iterable[Head] = ()) -> None:
        self.faults: list[Fault] = []
        self.count = 0
        self.head = base
        self._base = base
        self._known = {head.seq: head for head in known}
        self._unmet = set(self._known)
        self._sealed: Head | None = None
        self._meet(base)

    def take(self, links: Iterable[Link]) -> None:
        """Follow on with the next links, in their order."""
        for link in links:
            self._follow(link)
            self.count += 1

    def end(self, head: Head) -> tuple[Fault, ...]:
        """Everything that is wrong, once all links were taken.

        Args:
            head: what the store says is the last entry.
        """
        if head != self.head:
            told = f"the store says that the log ends at {head.seq}"
            self._wrong(self.head.seq, f"{told}, and it ends at {self.head.seq}, or otherwise")
        sealed = self._sealed or GENESIS
        if sealed != self._base:
            self._wrong(
                self._base.seq,
                f"entries through {self._base.seq} are gone, and the last entry that tells of a "
                f"pruning tells of one through {sealed.seq}",
            )
        for seq in sorted(self._unmet):
            if seq > self.head.seq:
                says = f"the log ends at {self.head.seq}, and had an entry {seq}: it was cut off"
            else:
                says = f"the entry {seq} was pruned, so the head of it can be compared no more"
            self._wrong(seq, says)
        return tuple(self.faults)

    def _follow(self, link: Link) -> None:
        expected = self.head.seq + 1
        if link.seq != expected:
            self._wrong(link.seq, f"the entry {link.seq} comes where {expected} is due")
        if _hash(self.head.hash, link.seq, link.body) != link.hash:
            self._wrong(link.seq, "the hash does not follow from the entry and the one before it")
        self._read(link)
        self.head = link.head
        self._meet(link.head)

    def _read(self, link: Link) -> None:
        try:
            entry = decoded(link.body)
        except msgspec.DecodeError:
            self._wrong(link.seq, "it cannot be read")
            return
        change_id = entry.entry_id if entry.category == "change" and entry.law_version else None
        said = (microseconds(entry.at), entry.category, change_id)
        if said != (link.at, link.category, link.change_id):
            self._wrong(link.seq, "it is filed under another time, category or id than it says")
        if entry.category == "pruned":
            try:
                self._sealed = Head(entry.through, bytes.fromhex(entry.through_hash))
            except ValueError:
                self._wrong(link.seq, "it tells of a pruning without a hash")

    def _meet(self, head: Head) -> None:
        known = self._known.get(head.seq)
        if known is None:
            return
        self._unmet.discard(head.seq)
        if known.hash != head.hash:
            self._wrong(head.seq, "it is another entry than the one whose head was kept")

    def _wrong(self, seq: int, says: str) -> None:
        self.faults.append(Fault(seq, says))


def _hash(before: bytes, seq: int, body: bytes) -> bytes:
    return sha256(b"".join((_DOMAIN, before, seq.to_bytes(8, "big", signed=True), body))).digest()
