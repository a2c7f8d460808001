"""The catalogue from 1 to 54: the very common causes and the common ones."""

from __future__ import annotations

from typing import Final

from pratique.diagnosis.causes_shape import Cause, Reach

COMMON: Final[tuple[Cause, ...]] = (
    Cause(
        "no-credential-for-host", 1, "nothing is stored for the registry of the image", Reach.PROVES
    ),
    Cause(
        "k8s-pull-secret-not-referenced",
        2,
        "the pull secret exists, but neither pod nor service account names it",
        Reach.PROVES,
    ),
    Cause(
        "aks-kubelet-identity-lacks-acrpull",
        3,
        "the cluster's kubelet identity has no AcrPull on the registry",
        Reach.SUSPECTS,
    ),
    Cause(
        "tag-or-repository-missing-shown-as-unauthorized",
        4,
        "the tag or repository is not there, and the registry says `unauthorized`",
        Reach.PROVES,
    ),
    Cause(
        "expired-registry-token",
        5,
        "the stored credential was short-lived and has expired",
        Reach.PROVES,
    ),
    Cause(
        "stale-credential-breaks-public-pull",
        6,
        "a stale login makes a public image fail that needs no login",
        Reach.PROVES,
    ),
    Cause(
        "docker-hub-default-host",
        7,
        "the image names no registry, so Docker Hub is asked",
        Reach.PROVES,
    ),
    Cause(
        "k8s-secret-wrong-server-key",
        8,
        "the pull secret is written for another server than the image's",
        Reach.PROVES,
    ),
    Cause(
        "k8s-secret-wrong-namespace",
        9,
        "the pull secret is in another namespace than the pod",
        Reach.PROVES,
    ),
    Cause(
        "wrong-user-home",
        10,
        "the login belongs to another user than the one who pulls",
        Reach.PROVES,
    ),
    Cause(
        "credential-helper-missing",
        11,
        "the configuration names a credential helper that is not installed",
        Reach.PROVES,
    ),
    Cause("docker-hub-rate-limit", 12, "the pull quota of Docker Hub is used up", Reach.PROVES),
    Cause(
        "wrong-password",
        13,
        "the registry does not accept the user name and password",
        Reach.PROVES,
    ),
    Cause(
        "x509-unknown-authority",
        14,
        "the issuer of the server's certificate is not trusted",
        Reach.PROVES,
    ),
    Cause(
        "acr-ip-not-allowed",
        15,
        "the firewall of the Azure registry refuses this address",
        Reach.PROVES,
    ),
    Cause(
        "acr-private-endpoint-dns",
        16,
        "the Azure registry's name gives its public address where a private one is due",
        Reach.PROVES,
    ),
    Cause(
        "acr-role-propagation-delay",
        17,
        "the role was assigned a short while ago and is not seen everywhere yet",
        Reach.PROVES,
    ),
    Cause(
        "acr-wrong-object-id",
        18,
        "the role was assigned to the application id instead of the object id",
        Reach.OUT,
        "who a role was given to stands in Azure's directory, which the doctor does not ask",
    ),
    Cause(
        "expired-service-principal-secret",
        19,
        "the secret of the service principal has expired",
        Reach.PROVES,
    ),
    Cause("k8s-secret-malformed", 20, "the pull secret is not well formed", Reach.PROVES),
    Cause(
        "shell-expanded-dollar",
        21,
        "the shell swallowed the part of the user name that begins with `$`",
        Reach.PROVES,
    ),
    Cause("ghcr-token-scope", 22, "the GitHub token may not read packages", Reach.PROVES),
    Cause(
        "ghcr-package-private",
        23,
        "the GitHub package is private although its repository may be public",
        Reach.SUSPECTS,
    ),
    Cause(
        "ghcr-sso-not-authorized",
        24,
        "the GitHub token is not authorised for the organisation's single sign-on",
        Reach.READS,
    ),
    Cause(
        "actions-token-not-linked",
        25,
        "the token of the GitHub workflow has no right to the package",
        Reach.PROVES,
    ),
    Cause(
        "docker-hub-key-wrong",
        26,
        "the login for Docker Hub is stored under a name that Docker never looks up",
        Reach.PROVES,
    ),
    Cause(
        "docker-hub-pat-required",
        27,
        "Docker Hub wants an access token of this account, not its password",
        Reach.PROVES,
    ),
    Cause(
        "helper-overrides-auths",
        28,
        "a helper or variable wins over the login that was made",
        Reach.PROVES,
    ),
    Cause(
        "helper-fails-or-locked", 29, "the credential helper runs but cannot answer", Reach.PROVES
    ),
    Cause(
        "gar-helper-host-not-configured",
        30,
        "Google's helper is not set up for the host of the image",
        Reach.PROVES,
    ),
    Cause("gar-missing-reader", 31, "the Google account may not read the repository", Reach.PROVES),
    Cause(
        "ecr-wrong-region-or-account",
        32,
        "the AWS login is for another region or account",
        Reach.PROVES,
    ),
    Cause(
        "ecr-token-in-static-secret",
        33,
        "a stored AWS registry password has expired; it lives 12 hours",
        Reach.PROVES,
    ),
    Cause(
        "http-realm-behind-tls",
        34,
        "the registry sends clients to a token address that is not its public one",
        Reach.PROVES,
    ),
    Cause(
        "http-server-https-client",
        35,
        "the registry speaks plain HTTP and the client wants TLS",
        Reach.PROVES,
    ),
    Cause("acr-admin-disabled", 36, "the admin user of the Azure registry is off", Reach.SUSPECTS),
    Cause(
        "acr-abac-mode-ignores-acrpull",
        37,
        "the Azure registry is in the repository mode, in which AcrPull does not count",
        Reach.SUSPECTS,
    ),
    Cause(
        "acr-role-without-pull-action-or-at-wrong-scope",
        38,
        "the Azure role lacks the pull action or stands at another scope",
        Reach.SUSPECTS,
    ),
    Cause(
        "acr-scope-map-lacks-repository",
        39,
        "the scope map of the token does not name the repository",
        Reach.PROVES,
    ),
    Cause(
        "platform-not-in-index",
        40,
        "the image does not exist for the platform of this machine",
        Reach.PROVES,
    ),
    Cause(
        "k8s-secret-after-pod",
        41,
        "the pod is older than the pull secret of its service account",
        Reach.PROVES,
    ),
    Cause(
        "containerd-not-docker-config",
        42,
        "the login is in Docker's file, which the cluster's runtime does not read",
        Reach.PROVES,
    ),
    Cause(
        "podman-auth-file-elsewhere",
        43,
        "podman's login is in a file that is gone or not read here",
        Reach.PROVES,
    ),
    Cause(
        "compose-or-build-uses-other-config",
        44,
        "Compose, a builder or another tool reads another login file",
        Reach.PROVES,
    ),
    Cause(
        "gitlab-token-scope",
        45,
        "the GitLab token does not reach the registry of this project",
        Reach.PROVES,
    ),
    Cause(
        "harbor-project-not-member",
        46,
        "the Harbor account is no member of the project",
        Reach.PROVES,
    ),
    Cause(
        "acr-arm-token-refused",
        47,
        "the Azure registry refuses tokens that were made for Azure's management API",
        Reach.SUSPECTS,
    ),
    Cause(
        "entra-session-stale",
        48,
        "the login of the Azure CLI is stale, or for another tenant or subscription",
        Reach.READS,
    ),
    Cause(
        "acr-application-not-registered",
        49,
        "the user name is no application of the Azure registry's tenant",
        Reach.PROVES,
    ),
    Cause(
        "oidc-subject-mismatch",
        50,
        "the workload's token does not match the federated credential",
        Reach.READS,
    ),
    Cause(
        "cluster-and-registry-in-different-tenants",
        51,
        "cluster and Azure registry are in different tenants",
        Reach.OUT,
        "which tenant an identity belongs to is known to the cluster's node and to Azure alone",
    ),
    Cause("clock-skew", 52, "the clock of this machine or of the server is wrong", Reach.PROVES),
    Cause(
        "blob-storage-blocked",
        53,
        "the storage that holds the layers cannot be reached",
        Reach.PROVES,
    ),
    Cause(
        "proxy-for-daemon",
        54,
        "the process that pulls has another proxy than the shell, or the proxy refuses",
        Reach.PROVES,
    ),
)
