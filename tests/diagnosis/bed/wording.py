"""Refusals, word for word as real registries send them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Protocol

from tests.diagnosis.bed.servers import Asked, Reply


class Registry(Protocol):
    """What refusals tell of a registry.

    Attributes:
        realm: where tokens are; empty for `Basic` without tokens.
        service: its name in challenges.
    """

    realm: str
    service: str


Scopes = Sequence[tuple[str, set[str]]]
JSON = ("Content-Type", "application/json; charset=utf-8")
V2 = ("Docker-Distribution-Api-Version", "registry/2.0")


def errors(
    status: int, code: str, message: str, detail: object = None, *more: tuple[str, str]
) -> Reply:
    """A refusal in the distribution format."""
    entry: dict[str, object] = {"code": code, "message": message}
    if detail is not None:
        entry["detail"] = detail
    return Reply(status, json.dumps({"errors": [entry]}).encode(), (JSON, V2, *more))


def details(status: int, text: str) -> Reply:
    """A refusal of a token server in the older format."""
    return Reply(status, json.dumps({"details": text}).encode(), (JSON,))


def page(status: int, text: str = "Sign in", *more: tuple[str, str]) -> Reply:
    """A page for people."""
    body = f"<!DOCTYPE html>\n<html><head><title>{text}</title></head><body>{text}</body></html>"
    return Reply(status, body.encode(), (("Content-Type", "text/html; charset=utf-8"), *more))


class Words:
    """Distribution's."""

    marks: tuple[tuple[str, str], ...] = (JSON, V2)
    basic_realm = "Registry Realm"

    def challenge(self, registry: Registry, name: str, action: str, error: str) -> tuple[str, str]:
        """The `WWW-Authenticate` header."""
        if not registry.realm:
            return "WWW-Authenticate", f'Basic realm="{self.basic_realm}"'
        parts = [f'realm="{registry.realm}"', f'service="{registry.service}"']
        if name:
            actions = "pull,push" if action == "push" else action
            parts.append(f'scope="repository:{name}:{actions}"')
        if error:
            parts.append(f'error="{error}"')
        return "WWW-Authenticate", "Bearer " + ",".join(parts)

    def unauthenticated(
        self, registry: Registry, asked: Asked, name: str, action: str, error: str
    ) -> Reply:
        """Nobody who is known asks."""
        del asked
        listed = [{"Type": "repository", "Class": "", "Name": name, "Action": action}]
        refusal = errors(401, "UNAUTHORIZED", "authentication required", listed if name else None)
        return refusal.with_headers(self.challenge(registry, name, action, error))

    def forbidden(self, registry: Registry, asked: Asked, name: str, action: str) -> Reply:
        """Somebody who is known may not do this."""
        if not registry.realm:
            return errors(403, "DENIED", "requested access to the resource is denied")
        return self.unauthenticated(registry, asked, name, action, "insufficient_scope")

    def login_refused(self, registry: Registry, asked: Asked) -> Reply:
        """The token server does not know the pair, or nobody asked for nothing."""
        del registry, asked
        return details(401, "incorrect username or password")

    def scope_refused(self, registry: Registry, asked: Asked, wanted: Scopes) -> Reply:
        """The token server does not grant what was asked."""
        del registry, asked, wanted
        return errors(401, "UNAUTHORIZED", "authentication required")

    def no_post(self) -> Reply:
        """The token server knows no OAuth2."""
        return Reply(404, b"404 page not found\n", (("Content-Type", "text/plain"),))

    def no_page(self) -> Reply:
        """There is nothing at this address."""
        return Reply(404, b"404 page not found\n", (("Content-Type", "text/plain"),))

    def no_repository(self, registry: Registry, asked: Asked, name: str) -> Reply:
        """A repository is not there."""
        del registry
        if "/manifests/" in asked.path:
            tag = asked.path.rpartition("/")[2]
            return errors(404, "MANIFEST_UNKNOWN", "manifest unknown", {"Tag": tag})
        text = "repository name not known to registry"
        return errors(404, "NAME_UNKNOWN", text, {"name": name})

    def no_manifest(self, registry: Registry, asked: Asked, name: str, reference: str) -> Reply:
        """A tag or digest is not there."""
        del registry, asked, name
        return errors(404, "MANIFEST_UNKNOWN", "manifest unknown", {"Tag": reference})

    def no_blob(self) -> Reply:
        """A blob is not there."""
        return errors(404, "BLOB_UNKNOWN", "blob unknown to registry")


class AzureWords(Words):
    """Azure Container Registry's."""

    text = "authentication required, visit https://aka.ms/acr/authorization for more information."
    login_text = ""

    def unauthenticated(
        self, registry: Registry, asked: Asked, name: str, action: str, error: str
    ) -> Reply:
        """Nobody who is known asks."""
        del asked
        listed = [{"Type": "repository", "Name": name, "Action": action}] if name else None
        refusal = errors(401, "UNAUTHORIZED", self.text, listed)
        return refusal.with_headers(self.challenge(registry, name, action, error))

    def login_refused(self, registry: Registry, asked: Asked) -> Reply:
        """The token server does not know the pair."""
        del registry, asked
        return errors(401, "UNAUTHORIZED", self.login_text or self.text)

    def scope_refused(self, registry: Registry, asked: Asked, wanted: Scopes) -> Reply:
        """The token server does not grant what was asked."""
        del registry, asked, wanted
        mark = "3f6c1c36-0000-4000-8000-9b1f6f3a9c11"
        return errors(401, "UNAUTHORIZED", f"{self.text} CorrelationId: {mark}")

    def no_manifest(self, registry: Registry, asked: Asked, name: str, reference: str) -> Reply:
        """A tag or digest is not there."""
        del registry, asked, name
        text = "manifest unknown"
        if ":" not in reference:
            text = f'manifest tagged by "{reference}" is not found'
        return errors(404, "MANIFEST_UNKNOWN", text, {"Tag": reference})


class HubWords(Words):
    """Docker Hub's."""


class GitHubWords(Words):
    """GitHub's."""

    def unauthenticated(
        self, registry: Registry, asked: Asked, name: str, action: str, error: str
    ) -> Reply:
        """Nobody who is known asks."""
        del asked
        refusal = errors(401, "UNAUTHORIZED", "authentication required")
        return refusal.with_headers(self.challenge(registry, name, action, error))

    def login_refused(self, registry: Registry, asked: Asked) -> Reply:
        """The token server does not know the pair."""
        del registry, asked
        return errors(403, "DENIED", "denied")

    def scope_refused(self, registry: Registry, asked: Asked, wanted: Scopes) -> Reply:
        """The token server does not grant what was asked."""
        del registry, wanted
        if asked.pair is None:
            return errors(401, "UNAUTHORIZED", "authentication required")
        return errors(403, "DENIED", "requested access to the resource is denied")

    def forbidden(self, registry: Registry, asked: Asked, name: str, action: str) -> Reply:
        """Somebody who is known may not do this."""
        del registry, asked, name
        verb = "read_package" if action == "pull" else "write_package"
        return errors(403, "DENIED", f"permission_denied: {verb}")


class GitLabWords(Words):
    """GitLab's."""

    def login_refused(self, registry: Registry, asked: Asked) -> Reply:
        """The token server does not know the pair."""
        del registry, asked
        return errors(401, "UNAUTHORIZED", "HTTP Basic: Access denied")

    def scope_refused(self, registry: Registry, asked: Asked, wanted: Scopes) -> Reply:
        """The token server does not grant what was asked."""
        del registry, asked, wanted
        return errors(403, "DENIED", "access forbidden")


class HarborWords(Words):
    """Harbor's."""

    def unauthenticated(
        self, registry: Registry, asked: Asked, name: str, action: str, error: str
    ) -> Reply:
        """Nobody who is known asks, or somebody who may not: Harbor says the same to both."""
        text = "unauthorized"
        if name:
            text = f"unauthorized to access repository: {name}, action: {action}"
            text = f"{text}: {text}"
        refusal = errors(401, "UNAUTHORIZED", text)
        if "authorization" in asked.headers:
            return refusal.with_headers(("Www-Authenticate", 'Basic realm="harbor"'))
        return refusal.with_headers(self.challenge(registry, name, action, error))

    def forbidden(self, registry: Registry, asked: Asked, name: str, action: str) -> Reply:
        """Somebody who is known may not do this."""
        return self.unauthenticated(registry, asked, name, action, "")

    def login_refused(self, registry: Registry, asked: Asked) -> Reply:
        """The token server does not know the pair."""
        del registry, asked
        return errors(401, "UNAUTHORIZED", "unauthorized: unauthorized")


class QuayWords(Words):
    """Quay's."""

    robot_text = "Could not find robot with username: {0} and supplied password."

    def login_refused(self, registry: Registry, asked: Asked) -> Reply:
        """The token server does not know the pair."""
        del registry
        user = asked.pair[0] if asked.pair else ""
        text = "Invalid Username or Password"
        if "+" in user:
            text = self.robot_text.format(user)
        return errors(401, "UNAUTHORIZED", text)

    def forbidden(self, registry: Registry, asked: Asked, name: str, action: str) -> Reply:
        """Somebody who is known may not do this."""
        text = "access to the requested resource is not authorized"
        refusal = errors(401, "UNAUTHORIZED", text, {})
        del asked
        return refusal.with_headers(self.challenge(registry, name, action, "insufficient_scope"))


class GiteaWords(Words):
    """Gitea's and Forgejo's."""

    def forbidden(self, registry: Registry, asked: Asked, name: str, action: str) -> Reply:
        """Somebody who is known may not do this."""
        del asked, name, action
        refusal = errors(401, "UNAUTHORIZED", "reqPackageAccess")
        return refusal.with_headers(self.challenge(registry, "", "", ""))
