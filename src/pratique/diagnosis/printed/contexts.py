"""Words by which a text shows where it was printed; in lower case."""

from __future__ import annotations

from typing import Final

AZURE: Final = (".azurecr.io", ".azurecr.cn", ".azurecr.us")
CLUSTER: Final = (
    "failed to pull image",
    "errimagepull",
    "imagepullbackoff",
    "image pull secret",
    "kubelet",
    "kubectl",
)
PUSHING: Final = ("push", "exporting to image", "blobs/uploads", "trying to reuse blob")
HUB: Final = ("docker.io", "hub.docker.com", "www.docker.com")
GITHUB: Final = ("ghcr.io",)
WORKFLOW: Final = ("##[error]", "::error", "github_token", "github-actions", "buildx failed")
AMAZON: Final = (".dkr.ecr.", "public.ecr.aws")
PUBLIC_AMAZON: Final = ("public.ecr.aws",)
GITLAB: Final = ("gitlab", "/jwt/auth")
HARBOR: Final = ("harbor",)
QUAY: Final = ("quay",)
GITEA: Final = ("gitea", "forgejo", "codeberg")
ARTIFACTORY: Final = ("artifactory", ".jfrog.io")
NEXUS: Final = ("nexus",)
HELPER: Final = ("docker-credential-", "getting credentials", "storing credentials")
DAEMON_SOCKET: Final = ("docker.sock", "docker daemon", "dial unix", "podman.sock")
STORAGE: Final = (
    ".blob.core.windows.net",
    ".data.azurecr.io",
    "production.cloudflare.docker.com",
    "production.cloudfront.docker.com",
    "prod-registry-k8s-io-",
    "pkg-containers.githubusercontent.com",
    "-starport-layer-bucket",
    ".cloudfront.net",
    "storage.googleapis.com",
    ".s3.amazonaws.com",
)
REFUSED: Final = ("401", "403", "unauthorized", "forbidden", "denied")
HTML: Final = ("<html", "<!doctype", "invalid character '<'")
