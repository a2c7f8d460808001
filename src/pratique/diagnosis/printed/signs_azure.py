"""What Azure's registries, Azure's command line and Entra ID print."""

from __future__ import annotations

from typing import Final

from pratique.diagnosis.printed.contexts import AZURE, CLUSTER
from pratique.diagnosis.printed.signs import Sign, Yields, hints, proves

_FORBIDDEN: Final = (
    "failed to fetch anonymous token: unexpected status: 403",
    "failed to fetch oauth token: unexpected status: 403",
    "failed to fetch anonymous token: unexpected status from …: 403",
    "failed with status: 403",
    "CONNECTIVITY_FORBIDDEN_ERROR",
    "error parsing HTTP 403 response body",
)
_PLATFORM: Final = ("ImagePullUnauthorizedFailure", "Field 'template.containers")

REGISTRY: Final[tuple[Sign, ...]] = (
    proves(
        "acr-ip-not-allowed",
        "client with IP '{ip}' is not allowed access",
        "is not allowed access. Refer https://aka.ms/acr/firewall",
        unless=("of this registry names its address", "to this registry is disabled"),
    ),
    hints("acr-ip-not-allowed", *_FORBIDDEN, needs=(*AZURE, "connectivity_forbidden_error")),
    hints("acr-private-endpoint-dns", *_FORBIDDEN, needs=(*AZURE, "connectivity_forbidden_error")),
    proves("acr-throttled", "https://aka.ms/acr/skus", "CONNECTIVITY_TOOMANYREQUESTS_ERROR"),
    proves("acr-throttled", "429 Too many requests", "toomanyrequests: ", needs=AZURE),
    proves(
        "acr-application-not-registered",
        "Application not registered with AAD",
        "aad access token with sp failed client id must be guid",
        "AADSTS700016",
    ),
    hints(
        "expired-service-principal-secret",
        "Invalid clientid or client secret",
        unless=("aadsts7000222",),
    ),
    hints("wrong-password", "Invalid clientid or client secret"),
    proves(
        "acr-admin-disabled",
        "Admin user is disabled",
        "admin credentials on the ACR are disabled",
    ),
    proves(
        "acr-image-locked-or-quarantined",
        "The operation is disallowed on this registry, repository or image",
        "REGISTRY_DISALLOWED_OPERATION",
        "unknown: The operation is disallowed",
    ),
    hints(
        "acr-role-without-pull-action-or-at-wrong-scope",
        "retrieving permissions failed",
        "CONNECTIVITY_ACCESS_TOKEN_ERROR",
    ),
    hints(
        "acr-scope-map-lacks-repository",
        "requested access to the resource is denied",
        needs=AZURE,
    ),
    hints(
        "no-credential-for-host",
        "unauthorized: authentication required",
        needs=AZURE,
        yields=Yields.TO_PROOF,
        unless=("pushed",),
    ),
    hints(
        "acr-role-without-pull-action-or-at-wrong-scope",
        "unauthorized: authentication required",
        needs=AZURE,
        yields=Yields.TO_PROOF,
        unless=("template.containers",),
    ),
    hints(
        "tag-or-repository-missing-shown-as-unauthorized",
        "unauthorized: authentication required",
        needs=AZURE,
        yields=Yields.TO_PROOF,
    ),
    hints(
        "aks-kubelet-identity-lacks-acrpull",
        "unauthorized: authentication required",
        needs=CLUSTER,
        when=lambda setting: "registry" in setting.values,
    ),
    hints("app-service-or-container-apps-identity", *_PLATFORM),
    hints(
        "acr-arm-token-refused", "Field 'template.containers", "CONNECTIVITY_REFRESH_TOKEN_ERROR"
    ),
)
DIRECTORY: Final[tuple[Sign, ...]] = (
    proves("expired-service-principal-secret", "AADSTS7000222"),
    proves("wrong-password", "AADSTS7000215", "AADSTS50126"),
    proves(
        "oidc-subject-mismatch",
        "AADSTS700213",
        "AADSTS7002138",
        "AADSTS70021:",
        "No matching federated identity record found",
        "AADSTS700211",
        "AADSTS700212",
    ),
    proves(
        "conditional-access-blocks",
        "AADSTS53000",
        "AADSTS53001",
        "AADSTS53002",
        "AADSTS53003",
        "AADSTS53004",
        "AADSTS50076",
        "AADSTS50079",
        "AADSTS50158",
        "AADSTS530",
    ),
    proves(
        "known-but-not-allowed",
        "AADSTS50057",
        "AADSTS7000112",
        words="the account or application is disabled in the directory",
    ),
    proves(
        "entra-session-stale",
        "AADSTS700082",
        "AADSTS50173",
        "AADSTS70043",
        "AADSTS50020",
        "AADSTS90002",
        "and type 'Microsoft.ContainerRegistry/registries' could not be found in subscription",
        "Please run 'az login' to setup account",
    ),
    hints(
        "entra-session-stale", "CONNECTIVITY_REFRESH_TOKEN_ERROR", "CONNECTIVITY_AAD_LOGIN_ERROR"
    ),
)
