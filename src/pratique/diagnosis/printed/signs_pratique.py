"""What Pratique says itself: a refusal ends with the id of its decision."""

from __future__ import annotations

from typing import Final

from pratique.diagnosis.printed.signs import Sign, proves

REFUSALS: Final[tuple[Sign, ...]] = (
    proves(
        "pratique-refusal",
        "Decision: {decision}",
        "does not have the permission `…` on the repository `{repository}`:",
        "does not have the permission `…` on",
        "is not in this registry's directory any more",
        "is disabled; ask the operator of this registry to enable it",
        "too many wrong sign-ins from this address; try again in {number} seconds",
        "the access token was not made for `",
        "may handle images only, and `",
        "X-Pratique-Decision: {decision}",
    ),
    proves(
        "pratique-address-refused",
        "client with IP '{ip}' is not allowed access: no network rule of this registry names",
        "client with IP '{ip}' is not allowed access: public network access to this registry",
        "a client without an address is not allowed access: this registry has network rules",
        "Its operator grants access with `pratique network-rule",
    ),
    proves(
        "push-not-allowed",
        "does not have the permission `…push/write` on the repository `{repository}`: "
        "it is not carried by",
        "does not have the permission `…content/write` on the repository `{repository}`: "
        "it is not carried by",
    ),
    proves(
        "acr-image-locked-or-quarantined",
        "the tag `{tag}` of `{repository}` is locked against",
        "the manifest `…` of `{repository}` is locked against",
        "the repository `{repository}` is locked against",
    ),
    proves("acr-admin-disabled", "the admin user of this registry is disabled"),
    proves(
        "acr-scope-map-lacks-repository",
        "the scope map of …does not allow `{action}` on the repository `{repository}`",
        "the scope map of …does not exist any more",
    ),
    proves(
        "expired-registry-token",
        "the registry token has expired; log in again",
        "the directory token has expired (claim",
        "the credential that this token was made with was revoked or has expired",
    ),
    proves("expired-service-principal-secret", "the secret `…` expired at"),
)
