"""The catalogue from 55 to 98: the occasional causes and the rare ones."""

from __future__ import annotations

from typing import Final

from pratique.diagnosis.causes_shape import Cause, Reach

SELDOM: Final[tuple[Cause, ...]] = (
    Cause(
        "open-ping-hides-login",
        55,
        "the registry asks for no login at its door, so Docker sends none",
        Reach.PROVES,
    ),
    Cause(
        "gitea-token-scope",
        56,
        "the Gitea or Forgejo credential has no right to packages",
        Reach.PROVES,
    ),
    Cause(
        "reverse-proxy-eats-header",
        57,
        "a proxy in front of the registry drops or replaces the login headers",
        Reach.PROVES,
    ),
    Cause(
        "registry-distrusts-its-token",
        58,
        "the registry does not accept the tokens of its own token server",
        Reach.PROVES,
    ),
    Cause(
        "cross-repository-mount-scope",
        59,
        "the push asks to mount from a repository that may not be read",
        Reach.PROVES,
    ),
    Cause(
        "push-without-pull",
        60,
        "the identity may push but not pull, and clients need both",
        Reach.PROVES,
    ),
    Cause("mirror-gets-wrong-credential", 61, "a mirror is asked first and refuses", Reach.PROVES),
    Cause(
        "containerd-config-path-ignored",
        62,
        "containerd does not read its hosts files",
        Reach.PROVES,
    ),
    Cause(
        "token-server-oauth-not-spec",
        63,
        "the token server does not answer OAuth requests as containerd needs it",
        Reach.PROVES,
    ),
    Cause(
        "kubelet-credential-provider-missing",
        64,
        "the kubelet has no credential provider for this registry",
        Reach.PROVES,
    ),
    Cause(
        "acr-credential-provider-cannot-exchange",
        65,
        "the Azure credential provider of the kubelet gets no token",
        Reach.READS,
    ),
    Cause(
        "uppercase-host-or-repository",
        66,
        "host or repository is written with upper-case letters",
        Reach.PROVES,
    ),
    Cause(
        "port-in-host-key",
        67,
        "the login is stored for the same host with another port",
        Reach.PROVES,
    ),
    Cause(
        "email-as-username",
        68,
        "an email address is used where Docker Hub wants the Docker ID",
        Reach.PROVES,
    ),
    Cause(
        "login-with-wrong-username-for-token",
        69,
        "this kind of token needs a fixed user name, and another was used",
        Reach.PROVES,
    ),
    Cause(
        "quay-robot-disabled-or-no-permission",
        70,
        "the Quay robot is disabled, unknown, or without permission",
        Reach.PROVES,
    ),
    Cause(
        "nexus-bearer-realm-off",
        71,
        "Nexus does not hand out tokens, or not to anonymous clients",
        Reach.SUSPECTS,
    ),
    Cause(
        "artifactory-repository-path",
        72,
        "the image lacks the Artifactory repository in its path or host",
        Reach.SUSPECTS,
    ),
    Cause(
        "htpasswd-format",
        73,
        "the htpasswd file of the registry is not in bcrypt",
        Reach.OUT,
        "the file is on the server; the client sees the same answer as for a wrong password",
    ),
    Cause("acr-throttled", 74, "the request rate of the Azure registry is used up", Reach.PROVES),
    Cause(
        "harbor-policy-blocks-pull",
        75,
        "a policy of the Harbor project holds the image back",
        Reach.PROVES,
    ),
    Cause(
        "acr-image-locked-or-quarantined",
        76,
        "the image is locked or in quarantine",
        Reach.SUSPECTS,
    ),
    Cause(
        "geo-replica-behind",
        77,
        "the image was pushed in another region and has not arrived here",
        Reach.SUSPECTS,
    ),
    Cause(
        "redirect-carries-authorization",
        78,
        "the login header is sent on to the storage, which refuses it",
        Reach.PROVES,
    ),
    Cause(
        "long-push-outlives-token", 79, "the push takes longer than its token lives", Reach.SUSPECTS
    ),
    Cause(
        "redhat-docker-signature-verification",
        80,
        "Red Hat's old docker looks for a signature that is not there",
        Reach.PROVES,
    ),
    Cause(
        "app-service-or-container-apps-identity",
        81,
        "the Azure service pulls with another identity than the one with the role",
        Reach.READS,
    ),
    Cause(
        "network-restricted-registry-and-azure-service",
        82,
        "the registry's network rules keep an Azure service out",
        Reach.OUT,
        "which services are trusted is a setting in Azure, and the service pulls, not this machine",
    ),
    Cause(
        "conditional-access-blocks",
        83,
        "a Conditional Access policy stands in the way",
        Reach.READS,
    ),
    Cause(
        "insufficient-node-scope-or-imds-blocked",
        84,
        "the instance metadata is blocked, or gives a token that is too narrow",
        Reach.READS,
    ),
    Cause(
        "swarm-without-registry-auth",
        85,
        "the Swarm service was created without the registry login",
        Reach.OUT,
        "the credential that a Swarm service carries is in its manager and cannot be read",
    ),
    Cause(
        "restricted-by-desktop-policy-or-egress-filter",
        86,
        "a policy of Docker Desktop or a network filter blocks the registry",
        Reach.SUSPECTS,
    ),
    Cause(
        "blocked-registry-in-registries-conf",
        87,
        "registries.conf blocks the registry",
        Reach.PROVES,
    ),
    Cause(
        "missing-realm", 88, "the challenge of the registry names no token address", Reach.PROVES
    ),
    Cause(
        "short-name-resolution",
        89,
        "the name is short, and podman tries several registries",
        Reach.PROVES,
    ),
    Cause("corrupt-config-file", 90, "the configuration file is empty or cut off", Reach.PROVES),
    Cause(
        "legacy-url-key-shadows-new",
        91,
        "two entries for one host hold different credentials",
        Reach.PROVES,
    ),
    Cause(
        "docker-credential-email-only-entry",
        92,
        "the entry for the registry holds no credential",
        Reach.PROVES,
    ),
    Cause(
        "identity-token-without-refresh",
        93,
        "the entry holds an identity token, which this client cannot use",
        Reach.PROVES,
    ),
    Cause(
        "ipv6-or-split-horizon",
        94,
        "the addresses of the name lead to different servers",
        Reach.PROVES,
    ),
    Cause(
        "retired-acr-helper",
        95,
        "the retired credential helper for Azure registries is configured",
        Reach.PROVES,
    ),
    Cause(
        "pull-through-upstream-credential",
        96,
        "the credential with which the cache asks its upstream is not accepted",
        Reach.OUT,
        "it is kept in the registry, which shows the client no more than a missing image",
    ),
    Cause(
        "foreign-layer",
        97,
        "a layer is kept at another host, which cannot be reached",
        Reach.PROVES,
    ),
    Cause(
        "root-vs-user-gcloud",
        98,
        "Google's helper runs for a user who is logged in to another account",
        Reach.SUSPECTS,
    ),
)
