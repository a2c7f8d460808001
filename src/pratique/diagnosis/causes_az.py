"""Causes without a number: how the Azure CLI is set up for a registry that is not Azure's."""

from __future__ import annotations

from typing import Final

from pratique.diagnosis.causes_shape import Cause, Reach

AZ: Final[tuple[Cause, ...]] = (
    Cause("az-cloud-unknown", None, "az knows no cloud at the registry's address", Reach.PROVES),
    Cause(
        "az-cloud-without-tls",
        None,
        "the cloud in az has an address that is not https, which az refuses to use",
        Reach.PROVES,
    ),
    Cause(
        "az-cloud-suffix-wrong",
        None,
        "the cloud in az has no suffix of login servers, or another one",
        Reach.PROVES,
    ),
    Cause("az-other-cloud-active", None, "az acts in another cloud", Reach.PROVES),
    Cause(
        "az-instance-discovery-on",
        None,
        "az asks Microsoft about the registry's authority before it uses it",
        Reach.PROVES,
    ),
    Cause(
        "az-distrusts-certificate",
        None,
        "az does not trust the certificate of the registry",
        Reach.PROVES,
    ),
    Cause("az-not-signed-in", None, "nobody is signed in with az in this cloud", Reach.PROVES),
    Cause(
        "az-signed-in-elsewhere",
        None,
        "az is signed in to another tenant than the registry's",
        Reach.PROVES,
    ),
    Cause(
        "az-remembers-refusal",
        None,
        "az repeats a refusal that it remembers, and does not ask again",
        Reach.PROVES,
    ),
    Cause(
        "az-docker-command",
        None,
        "`az acr login` logs in no client, or another than the one that pulls",
        Reach.PROVES,
    ),
    Cause(
        "az-fell-back-to-admin-user",
        None,
        "`az acr login` was refused and took the admin user without a question",
        Reach.SUSPECTS,
    ),
    Cause(
        "az-login-server-with-port",
        None,
        "the login server has a port, which `az acr check-health` cannot look up",
        Reach.SUSPECTS,
    ),
)
