"""Every row of this provider."""

from __future__ import annotations

from pratique.admission.imports import IMPORT
from pratique.http.arm.container_registry import (
    credentials,
    imports,
    registries,
    scope_maps,
    tokens,
)
from pratique.http.arm.routes import GROUP, REGISTRY, SUBSCRIPTION, Route, row

_REGISTRIES = "Microsoft.ContainerRegistry/registries"
_PROVIDER = f"{SUBSCRIPTION}/providers/Microsoft.ContainerRegistry"
_MAPS, _MAP = f"{_REGISTRIES}/scopeMaps", f"{REGISTRY}/scopeMaps/<map>"
_TOKENS, _TOKEN = f"{_REGISTRIES}/tokens", f"{REGISTRY}/tokens/<token>"

ROWS: tuple[Route, ...] = (
    row("GET", f"{_PROVIDER}/registries", "", registries.list_registries),
    row(
        "GET",
        f"{GROUP}/providers/Microsoft.ContainerRegistry/registries",
        "",
        registries.list_registries,
    ),
    row("POST", f"{_PROVIDER}/checkNameAvailability", "", registries.check_name),
    row("GET", REGISTRY, f"{_REGISTRIES}/read", registries.show_registry),
    row("PUT", REGISTRY, f"{_REGISTRIES}/write", registries.put_registry),
    row("PATCH", REGISTRY, f"{_REGISTRIES}/write", registries.update_registry),
    row("DELETE", REGISTRY, f"{_REGISTRIES}/delete", registries.delete_registry),
    row("GET", f"{REGISTRY}/listUsages", f"{_REGISTRIES}/listUsages/read", registries.list_usages),
    row(
        "GET",
        f"{REGISTRY}/replications",
        f"{_REGISTRIES}/replications/read",
        registries.list_replications,
    ),
    row(
        "POST",
        f"{REGISTRY}/listCredentials",
        f"{_REGISTRIES}/listCredentials/action",
        credentials.list_credentials,
    ),
    row(
        "POST",
        f"{REGISTRY}/regenerateCredential",
        f"{_REGISTRIES}/regenerateCredential/action",
        credentials.regenerate_credential,
    ),
    row(
        "POST",
        f"{REGISTRY}/generateCredentials",
        f"{_REGISTRIES}/generateCredentials/action",
        credentials.generate_credentials,
    ),
    row("POST", f"{REGISTRY}/importImage", IMPORT, imports.import_image),
    row("GET", f"{REGISTRY}/importImage/<operation>", IMPORT, imports.show_import),
    row("GET", f"{REGISTRY}/scopeMaps", f"{_MAPS}/read", scope_maps.list_scope_maps),
    row("GET", _MAP, f"{_MAPS}/read", scope_maps.show_scope_map),
    row("PUT", _MAP, f"{_MAPS}/write", scope_maps.put_scope_map),
    row("PATCH", _MAP, f"{_MAPS}/write", scope_maps.update_scope_map),
    row("DELETE", _MAP, f"{_MAPS}/delete", scope_maps.delete_scope_map),
    row("GET", f"{REGISTRY}/tokens", f"{_TOKENS}/read", tokens.list_tokens),
    row("GET", _TOKEN, f"{_TOKENS}/read", tokens.show_token),
    row("PUT", _TOKEN, f"{_TOKENS}/write", tokens.put_token),
    row("PATCH", _TOKEN, f"{_TOKENS}/write", tokens.update_token),
    row("DELETE", _TOKEN, f"{_TOKENS}/delete", tokens.delete_token),
)
