"""Records as the management API shows them; never a hash, a key or a secret."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, overload

from pratique.access import (
    EVERYONE,
    Law,
    PrincipalKind,
    RoleAssignment,
    RoleDefinition,
    RoleMode,
    ScopeMap,
)
from pratique.admission import RegistryRecord, Snapshot
from pratique.admission.changes.denials import not_in_force
from pratique.admission.records import DenyRecord
from pratique.http.management import access_shapes, shapes
from pratique.identity import (
    AdminAccount,
    Application,
    FederatedCredential,
    Group,
    LdapOrigin,
    SigningKey,
    StoredCertificate,
    StoredSecret,
    TokenAccount,
    User,
)


@overload
def instant(at: datetime) -> str: ...


@overload
def instant(at: datetime | None) -> str | None: ...


def instant(at: datetime | None) -> str | None:
    """A time in RFC 3339, to the second, in UTC; None for never."""
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"


def registry(record: RegistryRecord) -> shapes.Registry:
    """The registry's settings."""
    return shapes.Registry(
        name=record.name,
        id=str(record.scope),
        login_server=record.login_server,
        tenant_id=record.tenant,
        tenant_domain=record.tenant_domain or None,
        role_mode="rbac" if record.mode is RoleMode.RBAC else "abac",
        admin_user_enabled=record.admin_enabled,
        anonymous_pull=record.anonymous_pull,
        password_grant=record.password_grant,
        help_page=record.help_page,
        accepts_arm_tokens=record.accepts_arm_tokens,
        refusals_kept_days=record.refusals_kept_days,
        created=instant(record.created_at),
    )


def network_rules(record: RegistryRecord) -> shapes.NetworkRules:
    """From where the registry's content may be reached."""
    return shapes.NetworkRules(
        public_access=record.network.public_access,
        default_action="allow" if record.network.allow_by_default else "deny",
        allowed=list(record.network.allowed),
    )


def secret(stored: StoredSecret) -> shapes.Secret:
    """A secret without the secret."""
    return shapes.Secret(
        secret_id=stored.secret_id,
        name=stored.name,
        created=instant(stored.created_at),
        expires=instant(stored.expires_at),
    )


def certificate(stored: StoredCertificate) -> shapes.Certificate:
    """A certificate of a service principal, by its thumbprint."""
    return shapes.Certificate(
        certificate_id=stored.certificate_id,
        name=stored.name,
        thumbprint=stored.thumbprint,
        created=instant(stored.created_at),
        expires=instant(stored.expires_at),
    )


def federated_credential(stored: FederatedCredential) -> shapes.FederatedCredential:
    """A federated credential."""
    return shapes.FederatedCredential(
        credential_id=stored.credential_id,
        name=stored.name,
        issuer=stored.issuer,
        subject=stored.subject,
        audience=stored.audience,
        pattern=stored.pattern,
        created=instant(stored.created_at),
    )


def admin_user(record: RegistryRecord, account: AdminAccount | None) -> shapes.AdminUser:
    """The admin user."""
    return shapes.AdminUser(
        username=record.name,
        enabled=record.admin_enabled,
        password_dates={
            s.name: instant(s.created_at) for s in (account.passwords if account else ())
        },
    )


def user(record: User) -> shapes.User:
    """A user."""
    return shapes.User(
        username=record.user_name,
        display_name=record.display_name,
        object_id=record.object_id,
        enabled=record.enabled,
        totp=bool(record.totp_secret),
        signed_out=instant(record.signed_out_at),
        source=origin(record.ldap),
        distinguished_name=distinguished_name(record.ldap),
        created=instant(record.created_at),
    )


def origin(ldap: LdapOrigin | None) -> Literal["local", "ldap"]:
    """Where a user or a group comes from."""
    return "local" if ldap is None else "ldap"


def distinguished_name(ldap: LdapOrigin | None) -> str | None:
    """What a user or a group is called where it comes from; None for one of this directory."""
    return ldap.distinguished_name if ldap else None


def application(record: Application) -> shapes.ServicePrincipal:
    """A service principal."""
    return shapes.ServicePrincipal(
        display_name=record.display_name,
        client_id=record.client_id,
        object_id=record.object_id,
        enabled=record.enabled,
        created=instant(record.created_at),
        secrets=[secret(s) for s in record.secrets],
        certificates=[certificate(c) for c in record.certificates],
        federated_credentials=[federated_credential(f) for f in record.federated],
    )


def group(record: Group, snapshot: Snapshot) -> shapes.Group:
    """A group with its direct members."""
    return shapes.Group(
        display_name=record.display_name,
        object_id=record.object_id,
        source=origin(record.ldap),
        distinguished_name=distinguished_name(record.ldap),
        created=instant(record.created_at),
        members=[
            shapes.Member(object_id=member, display_name=name_of(member, snapshot))
            for member in record.members
        ],
    )


def role(definition: RoleDefinition) -> access_shapes.RoleDefinition:
    """A role definition."""
    return access_shapes.RoleDefinition(
        name=definition.name,
        role_id=definition.role_id,
        description=definition.description,
        built_in=definition.built_in,
        assignable_scopes=list(map(str, definition.assignable_scopes)),
        permissions=[
            access_shapes.Permissions(
                actions=list(p.actions),
                not_actions=list(p.not_actions),
                data_actions=list(p.data_actions),
                not_data_actions=list(p.not_data_actions),
            )
            for p in definition.permissions
        ],
    )


def assignment(held: RoleAssignment, snapshot: Snapshot) -> access_shapes.RoleAssignment:
    """A role assignment."""
    definition = snapshot.law.roles.get(held.role_id)
    return access_shapes.RoleAssignment(
        assignment_id=held.assignment_id,
        role=definition.name if definition else held.role_id,
        role_id=held.role_id,
        principal=name_of(held.principal_id, snapshot),
        principal_id=held.principal_id,
        principal_kind=_kind(held.principal_id, snapshot.law),
        scope=str(held.scope),
        condition=held.condition,
        description=held.description,
        created=instant(held.created_at),
    )


def denial(record: DenyRecord, snapshot: Snapshot) -> access_shapes.DenyAssignment:
    """A deny assignment."""
    everyone = EVERYONE in record.principals
    named = [p for p in record.principals if p != EVERYONE]
    return access_shapes.DenyAssignment(
        deny_id=record.deny_id,
        name=record.name,
        description=record.description,
        actions=list(record.permissions.actions),
        not_actions=list(record.permissions.not_actions),
        data_actions=list(record.permissions.data_actions),
        not_data_actions=list(record.permissions.not_data_actions),
        condition=record.permissions.condition,
        scope=record.scope,
        everyone=everyone,
        principals=[name_of(p, snapshot) for p in named],
        principal_ids=named,
        excluded=[name_of(p, snapshot) for p in record.excluded],
        excluded_ids=list(record.excluded),
        applies_to_child_scopes=record.reaches_below,
        not_in_force=list(not_in_force(snapshot, record)),
        created=instant(record.created_at),
    )


def scope_map(record: ScopeMap) -> shapes.ScopeMap:
    """A scope map."""
    return shapes.ScopeMap(
        name=record.name,
        description=record.description,
        type="SystemDefined" if record.system_defined else "UserDefined",
        actions=[str(rule) for rule in record.rules],
    )


def token(record: TokenAccount) -> shapes.Token:
    """A non-directory token."""
    return shapes.Token(
        name=record.name,
        scope_map=record.scope_map,
        enabled=record.enabled,
        created=instant(record.created_at),
        passwords=[secret(s) for s in record.passwords],
    )


def signing_key(record: SigningKey) -> shapes.SigningKey:
    """A signing key without the key."""
    return shapes.SigningKey(
        key_id=record.key_id,
        created=instant(record.created_at),
        retired=instant(record.retired_at),
    )


def name_of(object_id: str, snapshot: Snapshot) -> str | None:
    """The display name of a principal; None when it is not there any more."""
    found = snapshot.directory.by_object_id.get(object_id)
    return found.display_name if found else None


def _kind(object_id: str, law: Law) -> PrincipalKind | None:
    found = law.principals.get(object_id)
    return found.kind if found else None
