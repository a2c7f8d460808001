"""What clients print of logins, names, helpers and files: docker, containerd and others."""

from __future__ import annotations

from typing import Final

from pratique.diagnosis.printed.contexts import (
    AMAZON,
    AZURE,
    CLUSTER,
    HELPER,
    PUSHING,
    REFUSED,
)
from pratique.diagnosis.printed.signs import Sign, Yields, hints, proves

_NO_ACCESS: Final = (
    "pull access denied for {image}, repository does not exist or may require",
    "pull access denied, repository does not exist or may require authorization",
    "pull access denied",
)
_SCOPE: Final = ("insufficient_scope: authorization failed",)
_BASIC: Final = (
    "no basic auth credentials",
    "basic credential not found",
    "credential required for basic auth",
)
_PODMAN: Final = ("unable to retrieve auth token: invalid username/password",)
_OAUTH_401: Final = (
    "failed to fetch oauth token: unexpected status: 401",
    "failed to fetch oauth token: unexpected status from POST request to {host}…401",
    "failed to fetch oauth token: unexpected status from …: 401",
)
_LOGIN_401: Final = ("login attempt to {host}…failed with status: 401", "failed with status: 401")

LOGINS: Final[tuple[Sign, ...]] = (
    proves(
        "no-credential-for-host",
        "failed to fetch anonymous token: unexpected status: 401",
        "failed to fetch anonymous token: unexpected status from …: 401",
        "failed to fetch anonymous token…401",
    ),
    proves(
        "no-credential-for-host",
        "failed to fetch anonymous token: unexpected status: 403",
        "failed to fetch anonymous token: unexpected status from …: 403",
        unless=AZURE,
    ),
    proves("no-credential-for-host", *_BASIC),
    proves(
        "no-credential-for-host",
        "credentials not found in native keychain",
        words="the credential helper works and has nothing for `{host}`",
    ),
    hints("ecr-wrong-region-or-account", *_BASIC, needs=AMAZON),
    hints(
        "kubelet-credential-provider-missing", *_BASIC, needs=("failed to pull image", "kubelet")
    ),
    hints("k8s-pull-secret-not-referenced", "failed to fetch anonymous token", needs=CLUSTER),
    hints("aks-kubelet-identity-lacks-acrpull", "failed to fetch anonymous token", needs=AZURE),
    hints("aks-kubelet-identity-lacks-acrpull", *_OAUTH_401, needs=AZURE),
    hints("wrong-password", *_OAUTH_401, *_PODMAN, *_LOGIN_401, yields=Yields.TO_PROOF),
    hints("known-but-not-allowed", *_OAUTH_401, *_SCOPE, *_NO_ACCESS, yields=Yields.TO_PROOF),
    hints("no-credential-for-host", *_PODMAN, *_SCOPE, *_NO_ACCESS, yields=Yields.TO_PROOF),
    hints("podman-auth-file-elsewhere", *_PODMAN, yields=Yields.TO_PROOF),
    hints("tag-or-repository-missing-shown-as-unauthorized", _NO_ACCESS[0], yields=Yields.TO_PROOF),
    hints("cross-repository-mount-scope", *_SCOPE, needs=PUSHING),
    hints(
        "token-server-oauth-not-spec",
        "failed to fetch oauth token: unexpected status: 4",
        "failed to fetch oauth token: unexpected status: 5",
        unless=("status: 401", "status: 403"),
    ),
    hints("mirror-gets-wrong-credential", "://{host}/v2/…?ns={upstream}", needs=REFUSED),
    proves(
        "wrong-password",
        'logging into "{host}": invalid username/password',
        "the user name or the password is wrong",
    ),
    hints("long-push-outlives-token", "Pushed…unauthorized: authentication required"),
    hints(
        "redhat-docker-signature-verification",
        "Trying to pull repository {repository} ...…unauthorized: authentication required",
    ),
)
NAMES: Final[tuple[Sign, ...]] = (
    proves(
        "tag-missing",
        "manifest for {image} not found",
        "manifest unknown",
        "manifest_unknown",
        'failed to resolve reference "{image}": …: not found',
        "manifest tagged by",
        "the specified tag does not exist",
        "Requested image not found",
        unless=("no match for platform", "accept header does not support", "but client accepts"),
    ),
    hints("geo-replica-behind", "manifest unknown", "manifest tagged by", needs=AZURE),
    proves(
        "repository-missing",
        "repository name not known to registry",
        "name_unknown",
        "name unknown: ",
        "The repository with name '{repository}' does not exist in the registry",
    ),
    proves(
        "uppercase-host-or-repository",
        "repository name must be lowercase",
        "repository name (…) must be lowercase",
    ),
    proves(
        "invalid-reference",
        "invalid reference format",
        "couldn't parse image",
        "InvalidImageName",
        "could not parse reference",
        unless=("lowercase",),
    ),
    proves(
        "short-name-resolution",
        "did not resolve to an alias and no unqualified-search registries are defined",
        "short-name resolution enforced but cannot prompt without a TTY",
    ),
    proves(
        "platform-not-in-index",
        "no matching manifest for {platform} in the manifest list entries",
        "no matching manifest for",
        "no match for platform in manifest",
        "no image found in image index for architecture",
        "no image found in manifest list for architecture",
        "no child with platform {platform} in index",
    ),
    proves(
        "digest-mismatch",
        "unexpected commit digest",
        "manifest verification failed for digest",
        "filesystem layer verification failed for digest",
        "failed size validation",
        "digest did not match",
        "does not match provided manifest digest",
    ),
    proves(
        "blocked-registry-in-registries-conf", "registry {host} is blocked in", "is blocked in /"
    ),
    proves(
        "containerd-config-path-ignored",
        "`mirrors` cannot be set when `config_path` is provided",
    ),
    hints("containerd-config-path-ignored", "failed to parse hosts file", "hosts.toml: toml"),
)
HELPERS: Final[tuple[Sign, ...]] = (
    proves(
        "credential-helper-missing",
        'exec: "docker-credential-{helper}": executable file not found',
        "exec: docker-credential-{helper}: executable file not found",
        "docker-credential-{helper} not installed or not available in PATH",
        "docker-credential-{helper}: no such file or directory",
        "docker-credential-{helper}: command not found",
        'docker-credential-{helper}" does not exist',
    ),
    proves(
        "retired-acr-helper",
        "docker-credential-acr-linux",
        "docker-credential-acr-windows",
        "docker-credential-acr-darwin",
    ),
    proves(
        "credential-helper-slow",
        "docker-credential-{helper}…context deadline exceeded",
        "docker-credential-{helper}…timed out",
    ),
    hints("credential-helper-slow", "getting credentials - err: signal: killed"),
    proves(
        "helper-fails-or-locked",
        "User interaction is not allowed",
        "pass store is uninitialized",
        "pass not initialized",
        "The stub received bad data",
        "A specified logon session does not exist",
        "Cannot autolaunch D-Bus",
        "org.freedesktop.secrets was not provided by any .service files",
        "gpg: decryption failed",
        "docker-credential-{helper}: exec format error",
        "docker-credential-{helper}: Invalid argument",
        "docker-credential-{helper}: permission denied",
        "error getting credentials - err: exit status",
        "error storing credentials - err: exit status",
        "You do not currently have an active account selected",
        unless=("executable file not found", "not found in native keychain"),
    ),
    hints("root-vs-user-gcloud", "You do not currently have an active account selected"),
    proves("insufficient-node-scope-or-imds-blocked", "no EC2 IMDS role found"),
    hints(
        "insufficient-node-scope-or-imds-blocked",
        "NoCredentialProviders",
        "Unable to locate credentials",
        "failed to refresh cached credentials",
        unless=("no ec2 imds role found",),
    ),
    proves(
        "corrupt-config-file",
        "Error loading config file…EOF$",
        "Error loading config file…unexpected end of JSON input",
        "Error loading config file…invalid character",
        "auth.json…unexpected end of JSON input",
        "unmarshaling JSON at",
        "invalid auth configuration file",
    ),
    hints("wrong-user-home", "Error loading config file…permission denied"),
)
CLUSTERS: Final[tuple[Sign, ...]] = (
    proves(
        "k8s-secret-wrong-namespace",
        "Unable to retrieve some image pull secrets ({secret})",
        "Unable to retrieve some image pull secrets",
        "FailedToRetrieveImagePullSecret",
    ),
    proves(
        "k8s-secret-malformed",
        "into Go struct field DockerConfigJson",
        "into Go struct field DockerConfigEntry",
        "couldn't find valid dockercfg",
        "illegal base64 data at input byte {number}",
        unless=HELPER,
    ),
    proves(
        "kubelet-credential-provider-missing",
        "Error parsing the serverURL",
        "plugin binary executable",
        "Failed to find credential provider plugin",
        "failed to register credential provider",
    ),
    hints("kubelet-credential-provider-missing", "error execing credential provider plugin"),
    proves(
        "acr-credential-provider-cannot-exchange",
        "registry did not issue a valid AAD challenge",
        "Www-Authenticate: auth url…responded with status code",
        "client id annotation…is not found or the value is empty",
    ),
)
