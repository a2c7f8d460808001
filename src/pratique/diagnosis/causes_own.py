"""Causes without a number: where the chain itself ends."""

from __future__ import annotations

from typing import Final

from pratique.diagnosis.causes_shape import Cause, Reach

OWN: Final[tuple[Cause, ...]] = (
    Cause("invalid-reference", None, "the text is no image reference", Reach.PROVES),
    Cause("host-not-found", None, "the name of the registry does not resolve", Reach.PROVES),
    Cause("connection-refused", None, "nothing listens at the registry's address", Reach.PROVES),
    Cause("connection-closed", None, "the server ends the connection at once", Reach.PROVES),
    Cause("connection-timed-out", None, "the registry's address does not answer", Reach.PROVES),
    Cause("tls-name-mismatch", None, "the server's certificate is for another name", Reach.PROVES),
    Cause("tls-expired", None, "the server's certificate is not valid at this time", Reach.PROVES),
    Cause("tls-failed", None, "no TLS connection can be made", Reach.PROVES),
    Cause("not-a-registry", None, "the server answers, but not as a registry", Reach.PROVES),
    Cause("too-many-requests", None, "the registry's limit of requests is used up", Reach.PROVES),
    Cause("server-error", None, "the registry or its token server fails", Reach.PROVES),
    Cause(
        "realm-unreachable",
        None,
        "the token address that the registry names cannot be reached",
        Reach.PROVES,
    ),
    Cause("known-but-not-allowed", None, "the registry knows who asks, and refuses", Reach.PROVES),
    Cause("repository-missing", None, "the repository is not there", Reach.PROVES),
    Cause("tag-missing", None, "the repository is there, the tag or digest is not", Reach.PROVES),
    Cause("digest-mismatch", None, "what arrived does not match its digest", Reach.PROVES),
    Cause(
        "layer-missing",
        None,
        "the manifest is there, and a layer that it names is not",
        Reach.PROVES,
    ),
    Cause(
        "push-not-allowed", None, "the registry lets this identity pull but not push", Reach.PROVES
    ),
    Cause(
        "credential-helper-slow",
        None,
        "the credential helper does not answer in time",
        Reach.PROVES,
    ),
    Cause("pratique-refusal", None, "Pratique refused and says why", Reach.PROVES),
    Cause(
        "pratique-address-refused",
        None,
        "the network rules of the Pratique registry refuse this address",
        Reach.PROVES,
    ),
    Cause(
        "unexplained",
        None,
        "it was refused, and nothing that is known here explains it",
        Reach.SUSPECTS,
    ),
)
