"""Trust in outside issuers: their tokens verified, and whom they stand for here.

Promises: a token is taken only from a trusted issuer, for an audience of that trust, signed with a
key that the issuer publishes by an algorithm of that key, and in its time; a refusal names the
claim that is wrong. Refuses to know: how keys are fetched, and what anybody may do.
"""

from pratique.identity.federation.issuer_keys import (
    IssuerKeys,
    KeysUnavailable,
    OutsideKeys,
    Publication,
    Trust,
)
from pratique.identity.federation.issuers import discovery_url, kind_of
from pratique.identity.federation.matching import Match, credential_of, match
from pratique.identity.federation.published_keys import PublishedKeys, read_keys
from pratique.identity.federation.subjects import check_subject, subject_matches
from pratique.identity.federation.unverified import UnverifiedToken, json_object, take_apart
from pratique.identity.federation.verification import LEEWAY, OutsideClaims, verify

__all__ = [
    "LEEWAY",
    "IssuerKeys",
    "KeysUnavailable",
    "Match",
    "OutsideClaims",
    "OutsideKeys",
    "Publication",
    "PublishedKeys",
    "Trust",
    "UnverifiedToken",
    "check_subject",
    "credential_of",
    "discovery_url",
    "json_object",
    "kind_of",
    "match",
    "read_keys",
    "subject_matches",
    "take_apart",
    "verify",
]
