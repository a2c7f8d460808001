"""Every endpoint of the management API: method, path, the permission it needs, the operation."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pratique.admission import Snapshot
from pratique.admission.imports import IMPORT
from pratique.http.management import (
    access,
    application_credentials,
    attributes,
    audit,
    decisions,
    deny_assignments,
    directory,
    imports,
    ldap,
    managed_identities,
    network_rules,
    registries,
    registry_settings,
    role_definitions,
    roles,
    tokens,
    trusts,
)
from pratique.http.management.visit import DIRECTORY_SCOPE, Visit
from pratique.http.wire.answers import Given
from pratique.naming import ResourceScope

Operation = Callable[..., Awaitable[Given[Any]]]
"""Takes a visit, and what `wire.contracts` reads from its signature; gives what that says."""

PREFIX = "/api/v1"
_REGISTRIES = "Microsoft.ContainerRegistry/registries"
# The built-in directory has no permissions of Azure's own; these stand below
# Microsoft.Authorization, so that Contributor lacks them as it lacks role assignments.
_DIRECTORY = "Microsoft.Authorization/directory"
_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"


class AskedAt(Enum):
    """Where a row's permission is needed.

    The directory is above every registry, so it is asked about at `/`. What tells of the whole
    server is asked about at the subscription, as soon as the server keeps several registries.
    Some rows' requests say where; `Route.ask` asks then.
    """

    REGISTRY = "registry"
    SERVER = "server"
    DIRECTORY = "directory"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class Route:
    """One row.

    Attributes:
        pattern: matches a decoded path whole.
        permission: asked of the law as a control action.
        asked_at: where it is asked.
        ask: turns away whoever has no business here, before anything of the request is read,
            where the request says where to ask; None to ask at `scope`.
        conditional: whether the operation asks once more, with what a condition may hang on.
    """

    name: str
    method: str
    template: str
    pattern: re.Pattern[str]
    permission: str
    asked_at: AskedAt
    operation: Operation
    ask: Callable[[Visit], None] | None
    conditional: bool = False

    def scope(self, snapshot: Snapshot) -> ResourceScope:
        """Where the permission is asked of a request to the registry of that snapshot."""
        registry = snapshot.registry.scope
        match self.asked_at:
            case AskedAt.DIRECTORY:
                return DIRECTORY_SCOPE
            case AskedAt.SERVER if not snapshot.alone:
                return registry.ancestors_within_subscription()[-1]
            case _:
                return registry


def _row(
    method: str,
    path: str,
    permission: str,
    operation: Operation,
    *,
    conditional: bool = False,
    at: AskedAt = AskedAt.REGISTRY,
    ask: Callable[[Visit], None] | None = None,
) -> Route:
    pattern = re.compile(re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", PREFIX + path))
    return Route(
        operation.__name__,
        method,
        PREFIX + path,
        pattern,
        permission,
        AskedAt.DIRECTORY if permission.startswith(_DIRECTORY) else at,
        operation,
        ask,
        conditional,
    )


_USERS, _GROUPS = f"{_DIRECTORY}/users", f"{_DIRECTORY}/groups"
_PRINCIPALS, _KEYS = f"{_DIRECTORY}/servicePrincipals", f"{_DIRECTORY}/signingKeys"
_ROLES, _ROLE = "Microsoft.Authorization/roleDefinitions", "/role-definitions/<role>"
_DENIALS, _DENY = "Microsoft.Authorization/denyAssignments", "/deny-assignments/<deny>"
_ATTRIBUTES, _TRUSTS = f"{_DIRECTORY}/attributes", f"{_DIRECTORY}/trusts"
_LDAP = f"{_DIRECTORY}/ldap"
_ATTRIBUTE = "/principals/<principal>/attributes/<attribute>"
_SP = "/service-principals/<principal>"
_IDENTITY = "/managed-identities/<identity>"

ROUTES = (
    _row("GET", "/registries", registries.READ, registries.list_registries),
    _row(
        "POST",
        "/registries",
        f"{_REGISTRIES}/write",
        registries.create_registry,
        at=AskedAt.REQUEST,
        ask=registries.ask_to_make,
    ),
    _row(
        "DELETE",
        "/registries/<registry>",
        registries.DELETE,
        registries.delete_registry,
        at=AskedAt.REQUEST,
        ask=registries.ask_to_delete,
    ),
    _row("GET", "/registry", f"{_REGISTRIES}/read", registry_settings.show_registry),
    _row("PATCH", "/registry", f"{_REGISTRIES}/write", registry_settings.update_registry),
    _row("GET", "/network-rules", f"{_REGISTRIES}/read", network_rules.show_network_rules),
    _row("PATCH", "/network-rules", f"{_REGISTRIES}/write", network_rules.update_network_rules),
    _row("POST", "/imports", IMPORT, imports.create_import),
    _row("GET", "/imports/<import>", IMPORT, imports.show_import),
    _row("GET", "/admin-user", f"{_REGISTRIES}/read", registry_settings.show_admin_user),
    _row(
        "POST",
        "/admin-user/enable",
        f"{_REGISTRIES}/write",
        registry_settings.enable_admin_user,
    ),
    _row(
        "POST",
        "/admin-user/disable",
        f"{_REGISTRIES}/write",
        registry_settings.disable_admin_user,
    ),
    _row(
        "POST",
        "/admin-user/regenerate",
        f"{_REGISTRIES}/regenerateCredential/action",
        registry_settings.regenerate_admin_password,
    ),
    _row("GET", "/signing-keys", f"{_KEYS}/read", registry_settings.list_signing_keys),
    _row("POST", "/signing-keys", f"{_KEYS}/write", registry_settings.rotate_signing_key),
    _row("GET", "/users", f"{_USERS}/read", directory.list_users),
    _row("POST", "/users", f"{_USERS}/write", directory.create_user),
    _row("POST", "/users/<user>/password", f"{_USERS}/write", directory.set_password),
    _row("POST", "/users/<user>/enable", f"{_USERS}/write", directory.enable_user),
    _row("POST", "/users/<user>/disable", f"{_USERS}/write", directory.disable_user),
    _row("POST", "/users/<user>/sign-out", f"{_USERS}/write", directory.sign_out_user),
    _row("POST", "/users/<user>/totp", f"{_USERS}/write", directory.enable_totp),
    _row("DELETE", "/users/<user>/totp", f"{_USERS}/write", directory.disable_totp),
    _row("DELETE", "/users/<user>", f"{_USERS}/delete", directory.delete_user),
    _row("GET", "/groups", f"{_GROUPS}/read", directory.list_groups),
    _row("POST", "/groups", f"{_GROUPS}/write", directory.create_group),
    _row("POST", "/groups/<group>/members", f"{_GROUPS}/write", directory.add_member),
    _row(
        "DELETE",
        "/groups/<group>/members/<member>",
        f"{_GROUPS}/write",
        directory.remove_member,
    ),
    _row("DELETE", "/groups/<group>", f"{_GROUPS}/delete", directory.delete_group),
    _row("GET", "/service-principals", f"{_PRINCIPALS}/read", directory.list_service_principals),
    _row("POST", "/service-principals", f"{_PRINCIPALS}/write", directory.create_service_principal),
    _row("GET", _SP, f"{_PRINCIPALS}/read", directory.show_service_principal),
    _row("DELETE", _SP, f"{_PRINCIPALS}/delete", directory.delete_service_principal),
    _row("POST", f"{_SP}/enable", f"{_PRINCIPALS}/write", directory.enable_service_principal),
    _row("POST", f"{_SP}/disable", f"{_PRINCIPALS}/write", directory.disable_service_principal),
    _row("POST", f"{_SP}/secrets", f"{_PRINCIPALS}/write", directory.add_client_secret),
    _row(
        "DELETE", f"{_SP}/secrets/<secret>", f"{_PRINCIPALS}/write", directory.delete_client_secret
    ),
    _row(
        "GET",
        f"{_SP}/certificates",
        f"{_PRINCIPALS}/read",
        application_credentials.list_certificates,
    ),
    _row(
        "POST",
        f"{_SP}/certificates",
        f"{_PRINCIPALS}/write",
        application_credentials.add_certificate,
    ),
    _row(
        "DELETE",
        f"{_SP}/certificates/<certificate>",
        f"{_PRINCIPALS}/write",
        application_credentials.remove_certificate,
    ),
    _row(
        "GET",
        f"{_SP}/federated-credentials",
        f"{_PRINCIPALS}/read",
        application_credentials.list_federated_credentials,
    ),
    _row(
        "POST",
        f"{_SP}/federated-credentials",
        f"{_PRINCIPALS}/write",
        application_credentials.add_federated_credential,
    ),
    _row(
        "DELETE",
        f"{_SP}/federated-credentials/<credential>",
        f"{_PRINCIPALS}/write",
        application_credentials.remove_federated_credential,
    ),
    _row(
        "GET",
        "/managed-identities",
        f"{_PRINCIPALS}/read",
        managed_identities.list_managed_identities,
    ),
    _row(
        "POST",
        "/managed-identities",
        f"{_PRINCIPALS}/write",
        managed_identities.create_managed_identity,
    ),
    _row("GET", _IDENTITY, f"{_PRINCIPALS}/read", managed_identities.show_managed_identity),
    _row("DELETE", _IDENTITY, f"{_PRINCIPALS}/delete", managed_identities.delete_managed_identity),
    _row(
        "POST",
        f"{_IDENTITY}/hosts",
        f"{_PRINCIPALS}/write",
        managed_identities.assign_managed_identity,
    ),
    _row(
        "DELETE",
        f"{_IDENTITY}/hosts/<host>",
        f"{_PRINCIPALS}/write",
        managed_identities.unassign_managed_identity,
    ),
    _row("GET", "/trusts", f"{_TRUSTS}/read", trusts.list_trusts),
    _row("POST", "/trusts", f"{_TRUSTS}/write", trusts.add_trust),
    _row("PATCH", "/trusts", f"{_TRUSTS}/write", trusts.update_trust),
    _row("DELETE", "/trusts", f"{_TRUSTS}/delete", trusts.remove_trust),
    # It makes this server ask another one, so whoever may only read may not.
    _row("POST", "/trusts/check", f"{_TRUSTS}/write", trusts.check_issuer),
    _row("GET", "/ldap", f"{_LDAP}/read", ldap.show_ldap),
    _row("PUT", "/ldap", f"{_LDAP}/write", ldap.set_ldap),
    _row("DELETE", "/ldap", f"{_LDAP}/delete", ldap.remove_ldap),
    _row("POST", "/ldap/test", f"{_LDAP}/write", ldap.test_ldap),
    _row("POST", "/ldap/sync", f"{_LDAP}/write", ldap.sync_ldap),
    _row("GET", "/role-definitions", f"{_ROLES}/read", role_definitions.list_role_definitions),
    _row("GET", _ROLE, f"{_ROLES}/read", role_definitions.show_role_definition),
    _row("POST", "/role-definitions", f"{_ROLES}/write", role_definitions.create_role_definition),
    _row("PUT", _ROLE, f"{_ROLES}/write", role_definitions.update_role_definition),
    _row("DELETE", _ROLE, f"{_ROLES}/delete", role_definitions.delete_role_definition),
    _row("GET", "/role-assignments", f"{_ASSIGNMENTS}/read", roles.list_role_assignments),
    _row(
        "POST",
        "/role-assignments",
        f"{_ASSIGNMENTS}/write",
        roles.assign_role,
        conditional=True,
    ),
    _row(
        "DELETE",
        "/role-assignments",
        f"{_ASSIGNMENTS}/delete",
        roles.unassign_role,
        conditional=True,
    ),
    _row(
        "DELETE",
        "/role-assignments/<assignment>",
        f"{_ASSIGNMENTS}/delete",
        roles.remove_role_assignment,
        conditional=True,
    ),
    _row("GET", "/deny-assignments", f"{_DENIALS}/read", deny_assignments.list_deny_assignments),
    _row("POST", "/deny-assignments", f"{_DENIALS}/write", deny_assignments.create_deny_assignment),
    _row("PATCH", _DENY, f"{_DENIALS}/write", deny_assignments.update_deny_assignment),
    _row("DELETE", _DENY, f"{_DENIALS}/delete", deny_assignments.delete_deny_assignment),
    _row(
        "GET",
        "/principals/<principal>/attributes",
        f"{_ATTRIBUTES}/read",
        attributes.show_attributes,
    ),
    _row("PUT", _ATTRIBUTE, f"{_ATTRIBUTES}/write", attributes.set_attribute),
    _row("DELETE", _ATTRIBUTE, f"{_ATTRIBUTES}/write", attributes.remove_attribute),
    _row("POST", "/access/check", f"{_ASSIGNMENTS}/read", access.check_access),
    _row("POST", "/access/who-can", f"{_ASSIGNMENTS}/read", access.list_who_can),
    _row("POST", "/access/what-if", f"{_ASSIGNMENTS}/read", access.try_changes),
    _row("GET", "/access/review", f"{_ASSIGNMENTS}/read", access.review_access),
    _row("GET", "/decisions", f"{_ASSIGNMENTS}/read", decisions.list_decisions),
    _row("GET", "/decisions/<decision>", f"{_ASSIGNMENTS}/read", decisions.explain_decision),
    _row(
        "GET",
        "/audit/entries",
        f"{_ASSIGNMENTS}/read",
        audit.list_audit_entries,
        at=AskedAt.SERVER,
    ),
    _row("GET", "/audit/head", f"{_ASSIGNMENTS}/read", audit.show_audit_head, at=AskedAt.SERVER),
    # Nobody but the owner of the folder gets farther than the permission.
    _row("POST", "/audit/prune", f"{_REGISTRIES}/write", audit.prune_audit_log),
    _row("GET", "/scope-maps", f"{_REGISTRIES}/scopeMaps/read", tokens.list_scope_maps),
    _row("POST", "/scope-maps", f"{_REGISTRIES}/scopeMaps/write", tokens.create_scope_map),
    _row("PATCH", "/scope-maps/<map>", f"{_REGISTRIES}/scopeMaps/write", tokens.update_scope_map),
    _row("DELETE", "/scope-maps/<map>", f"{_REGISTRIES}/scopeMaps/delete", tokens.delete_scope_map),
    _row("GET", "/tokens", f"{_REGISTRIES}/tokens/read", tokens.list_tokens),
    _row("POST", "/tokens", f"{_REGISTRIES}/tokens/write", tokens.create_token),
    _row(
        "POST",
        "/tokens/<token>/password",
        f"{_REGISTRIES}/generateCredentials/action",
        tokens.new_token_password,
    ),
    _row("POST", "/tokens/<token>/enable", f"{_REGISTRIES}/tokens/write", tokens.enable_token),
    _row("POST", "/tokens/<token>/disable", f"{_REGISTRIES}/tokens/write", tokens.disable_token),
    _row("PATCH", "/tokens/<token>", f"{_REGISTRIES}/tokens/write", tokens.update_token),
    _row("DELETE", "/tokens/<token>", f"{_REGISTRIES}/tokens/delete", tokens.delete_token),
)
