"""Keys that sign registry tokens: ES256 (RFC 7518 section 3.4), several at a time for rotation."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey

from pratique.identity.records import SigningKey

# A retired key verifies for as long as the longest-lived token it may have signed.
OVERLAP = timedelta(hours=3, minutes=5)


def new_signing_key(key_id: str, at: datetime) -> SigningKey:
    """A new P-256 key, made with the operating system's randomness."""
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return SigningKey(key_id, pem.decode("ascii"), at)


class KeyRing:
    """The keys of one moment, ready for use.

    Args:
        records: any order; the youngest that is not retired signs.
    """

    def __init__(self, records: Iterable[SigningKey]) -> None:
        self._records = {r.key_id: r for r in records}
        self._loaded: dict[str, ECKey] = {}
        signing = [r for r in self._records.values() if r.retired_at is None]
        self._signing = max(signing, key=lambda r: (r.created_at, r.key_id), default=None)

    @property
    def records(self) -> tuple[SigningKey, ...]:
        """All keys, youngest first."""
        return tuple(sorted(self._records.values(), key=lambda r: r.created_at, reverse=True))

    def signing(self) -> tuple[str, ECKey]:
        """The id and the key to sign with.

        Raises:
            LookupError: there is none; nothing can be signed.
        """
        if self._signing is None:
            raise LookupError("the registry has no signing key; run `pratique signing-key rotate`")
        return self._signing.key_id, self._load(self._signing)

    def verifies(self, key_id: str, at: datetime) -> bool:
        """Whether the key of that id still has force at `at`."""
        record = self._records.get(key_id)
        return record is not None and (
            record.retired_at is None or at < record.retired_at + OVERLAP
        )

    def verifying(self, key_id: str, at: datetime) -> ECKey | None:
        """The key of that id, None when unknown or retired for too long."""
        record = self._records.get(key_id)
        return self._load(record) if record and self.verifies(key_id, at) else None

    def _load(self, record: SigningKey) -> ECKey:
        key = self._loaded.get(record.key_id)
        if key is None:
            key = ECKey.import_key(record.private_pem, {"kid": record.key_id})
            self._loaded[record.key_id] = key
        return key
