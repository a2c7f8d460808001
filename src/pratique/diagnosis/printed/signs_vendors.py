"""What single registries print: Docker Hub, GitHub, AWS, Google, GitLab, Harbor and others."""

from __future__ import annotations

from typing import Final

from pratique.diagnosis.printed.contexts import (
    AMAZON,
    ARTIFACTORY,
    AZURE,
    GITHUB,
    GITLAB,
    HARBOR,
    HUB,
    NEXUS,
    PUBLIC_AMAZON,
    PUSHING,
    QUAY,
    WORKFLOW,
)
from pratique.diagnosis.printed.setting import Setting
from pratique.diagnosis.printed.signs import Sign, Yields, hints, proves


def _bare(setting: Setting) -> bool:
    return setting.bare


_KNOWN: Final = "the registry knows who asks, and does not allow it to read {repository}"
_DENIED: Final = "requested access to the resource is denied"
_GITHUB_DENIED: Final = ("denied: denied", "error from registry: denied", ": denied$")
_ECR_EXPIRED: Final = "Your authorization token has expired. Reauthenticate and try again"
_ECR_ACTION: Final = "is not authorized to perform: ecr:{action} on resource"
_GAR_READ: Final = 'Permission "artifactregistry.repositories.downloadArtifacts" denied on resource'
_HARBOR: Final = "unauthorized to access repository: {repository}, action: {action}"
_GCR: Final = "You don't have the needed permissions to perform this operation"

DOCKER_HUB: Final[tuple[Sign, ...]] = (
    hints(
        "docker-hub-default-host",
        "pull access denied for {image}, repository does not exist",
        when=_bare,
    ),
    proves(
        "docker-hub-rate-limit",
        "You have reached your unauthenticated pull rate limit",
        "You have reached your pull rate limit",
        "You have reached your authenticated pull rate limit",
        "toomanyrequests: You have reached",
    ),
    proves(
        "docker-hub-rate-limit",
        "429 Too Many Requests",
        "toomanyrequests: ",
        needs=HUB,
        unless=AZURE,
    ),
    hints(
        "docker-hub-rate-limit",
        "429 Too Many Requests",
        "toomanyrequests: ",
        unless=(*AZURE, "aka.ms/acr", "too many wrong sign-ins"),
    ),
    proves(
        "docker-hub-pat-required",
        "please use personal access token to login",
        "personal access token is required",
    ),
    proves("wrong-password", "incorrect username or password"),
    proves(
        "push-not-allowed",
        "access token has insufficient scopes",
        words="the access token was made without the right to push",
    ),
    hints("push-not-allowed", _DENIED, needs=PUSHING, yields=Yields.TO_PROOF),
    hints("known-but-not-allowed", _DENIED, unless=PUSHING, yields=Yields.TO_PROOF),
    hints(
        "tag-or-repository-missing-shown-as-unauthorized",
        _DENIED,
        unless=AZURE,
        yields=Yields.TO_PROOF,
    ),
)
GITHUB_PACKAGES: Final[tuple[Sign, ...]] = (
    proves(
        "ghcr-sso-not-authorized",
        "Resource protected by organization SAML enforcement",
        "organization has enabled or enforced SAML SSO",
    ),
    proves(
        "ghcr-token-scope",
        "permission_denied: The token provided does not match expected scopes",
        "The token provided does not match expected scopes",
    ),
    proves("known-but-not-allowed", "permission_denied: read_package", words=_KNOWN),
    hints("ghcr-token-scope", "permission_denied: read_package"),
    proves("push-not-allowed", "permission_denied: write_package"),
    proves(
        "actions-token-not-linked",
        "installation not allowed to Create organization package",
        "installation not allowed to Write organization package",
    ),
    hints("actions-token-not-linked", "permission_denied: write_package"),
    hints("actions-token-not-linked", "permission_denied: read_package", needs=WORKFLOW),
    hints("stale-credential-breaks-public-pull", *_GITHUB_DENIED, needs=GITHUB),
    hints("ghcr-token-scope", *_GITHUB_DENIED, needs=GITHUB, unless=("permission_denied",)),
    hints(
        "ghcr-package-private",
        *_GITHUB_DENIED,
        ": unauthorized$",
        "error from registry: unauthorized",
        "failed to fetch anonymous token",
        needs=GITHUB,
    ),
)
AWS: Final[tuple[Sign, ...]] = (
    proves("expired-registry-token", _ECR_EXPIRED),
    hints("ecr-token-in-static-secret", _ECR_EXPIRED, unless=PUBLIC_AMAZON),
    hints("stale-credential-breaks-public-pull", _ECR_EXPIRED, needs=PUBLIC_AMAZON),
    hints(
        "stale-credential-breaks-public-pull",
        "403 Forbidden",
        needs=PUBLIC_AMAZON,
        unless=("authorization token has expired",),
    ),
    proves(
        "push-not-allowed",
        "is not authorized to perform: ecr:InitiateLayerUpload",
        "is not authorized to perform: ecr:PutImage",
        "is not authorized to perform: ecr:UploadLayerPart",
        "is not authorized to perform: ecr:CompleteLayerUpload",
        "is not authorized to perform: ecr-public:InitiateLayerUpload",
    ),
    proves(
        "known-but-not-allowed",
        _ECR_ACTION,
        unless=("ecr:initiatelayerupload", "ecr:putimage", "ecr:uploadlayerpart", "ecr:complete"),
        words="AWS knows who asks, and no policy allows the action `{action}`",
    ),
    hints("ecr-wrong-region-or-account", _ECR_ACTION),
    hints(
        "ecr-wrong-region-or-account",
        "The repository with name '{repository}' does not exist in the registry",
        "403 Forbidden",
        "error parsing HTTP 403 response body",
        "unexpected status code 401 Unauthorized: Not Authorized",
        needs=AMAZON,
        unless=PUBLIC_AMAZON,
    ),
    hints("no-credential-for-host", "401 Unauthorized: Not Authorized", needs=AMAZON),
)
GOOGLE_CLOUD: Final[tuple[Sign, ...]] = (
    proves("no-credential-for-host", "Unauthenticated requests do not have permission"),
    hints("gar-helper-host-not-configured", "Unauthenticated requests do not have permission"),
    proves(
        "gar-missing-reader",
        'Permission "artifactregistry.repositories.downloadArtifacts" denied on resource '
        '"{resource}"',
        _GAR_READ,
        "Caller does not have permission 'storage.objects.get'",
        "Caller does not have permission 'storage.buckets.get'",
        unless=("unauthenticated request",),
    ),
    hints("tag-or-repository-missing-shown-as-unauthorized", _GAR_READ),
    proves(
        "push-not-allowed",
        'Permission "artifactregistry.repositories.uploadArtifacts" denied on resource',
        "Caller does not have permission 'storage.buckets.create'",
    ),
    hints("no-credential-for-host", _GCR),
    hints("gar-missing-reader", _GCR),
)
SELF_HOSTED: Final[tuple[Sign, ...]] = (
    proves("wrong-password", "HTTP Basic: Access denied"),
    hints("gitlab-token-scope", "HTTP Basic: Access denied", "denied: access forbidden"),
    hints("gitlab-token-scope", _DENIED, needs=GITLAB),
    hints("harbor-project-not-member", _HARBOR),
    hints("no-credential-for-host", _HARBOR),
    hints("push-not-allowed", "unauthorized to access repository: {repository}, action: push"),
    hints("shell-expanded-dollar", _HARBOR, needs=("robot",)),
    proves(
        "harbor-policy-blocks-pull",
        "status of vulnerability scanning cannot be pulled due to configured policy",
        "cannot be pulled due to configured policy in 'Prevent images",
        "The image is not signed",
        "PROJECTPOLICYVIOLATION",
    ),
    proves("repository-missing", "unknown: project {repository} not found", needs=HARBOR),
    proves("repository-missing", "unknown: repository {repository} not found"),
    proves("tag-missing", "unknown: artifact {image} not found"),
    proves(
        "quay-robot-disabled-or-no-permission",
        "Could not find robot with username",
        "This user has been disabled. Please contact your administrator",
        "This namespace is disabled",
    ),
    hints(
        "quay-robot-disabled-or-no-permission",
        "access to the requested resource is not authorized",
        needs=QUAY,
    ),
    hints("no-credential-for-host", "access to the requested resource is not authorized"),
    hints("known-but-not-allowed", "access to the requested resource is not authorized"),
    proves("wrong-password", "Specified credentials are invalid", "Invalid Username or Password"),
    proves("gitea-token-scope", "reqPackageAccess"),
    hints(
        "artifactory-repository-path", "unknown: Not Found", "401 Unauthorized", needs=ARTIFACTORY
    ),
    proves(
        "known-but-not-allowed",
        "The client does not have permission for manifest",
        words=_KNOWN,
    ),
    proves("wrong-password", "Bad credentials"),
    hints(
        "nexus-bearer-realm-off",
        "401 Unauthorized",
        "no basic auth credentials",
        "unauthorized: ",
        needs=NEXUS,
    ),
)
