"""Tokens of outside issuers before the law of the moment: verified, and matched to a principal."""

from __future__ import annotations

from datetime import datetime

from pratique.admission.records import TrustRecord
from pratique.admission.snapshot import Snapshot
from pratique.identity.federation import (
    IssuerKeys,
    Match,
    OutsideClaims,
    UnverifiedToken,
    match,
    verify,
)


def trust_in(snapshot: Snapshot, issuer: str) -> TrustRecord | None:
    """The trust in the issuer of exactly that name; None when it is not trusted."""
    record = snapshot.records.get(("trust", issuer.casefold()))
    return record if isinstance(record, TrustRecord) and record.issuer == issuer else None


class OutsideTokens:
    """Verifies outside tokens; a trust that was taken away counts no more with the next one.

    Args:
        keys: of trusted issuers.
    """

    def __init__(self, keys: IssuerKeys) -> None:
        self._keys = keys

    async def verify(
        self, snapshot: Snapshot, unverified: str | UnverifiedToken, at: datetime
    ) -> OutsideClaims:
        """The claims of a token that a trusted issuer made.

        Raises:
            TokenRejected: the sentence names the claim that is wrong.
            KeysUnavailable: the issuer's keys cannot be had.
        """
        return await verify(unverified, lambda issuer: trust_in(snapshot, issuer), self._keys, at)

    def match(self, snapshot: Snapshot, claims: OutsideClaims) -> Match:
        """The one enabled application that a token stands for, and through which credential.

        Raises:
            TokenRejected: none, several, or a disabled one.
        """
        return match(snapshot.directory.applications.values(), claims)
