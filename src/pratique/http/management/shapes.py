"""What the management API answers with, as types: the one place that names the fields.

Times are texts in RFC 3339, to the second, in UTC. A field that can be absent is `UNSET` then; one
that is null has no value.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

import msgspec
from msgspec import UNSET, Meta, UnsetType

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Day = Annotated[str, Meta(extra_json_schema={"format": "date"})]


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is answered with."""

    @classmethod
    def widening(cls, narrower: Shape, **more: object) -> Self:
        """What `narrower` says, and more.

        Args:
            narrower: of a kind that this one derives from.
            more: the fields that it has not.
        """
        return cls(**{**msgspec.structs.asdict(narrower), **more})


class Registry(Shape, frozen=True, kw_only=True):
    """The registry's settings."""

    name: str
    id: str
    login_server: str | None
    tenant_id: str
    tenant_domain: str | None
    role_mode: Literal["rbac", "abac"]
    admin_user_enabled: bool
    anonymous_pull: bool
    password_grant: bool
    help_page: str | None
    accepts_arm_tokens: bool
    refusals_kept_days: int
    created: Time


class ListedRegistry(Registry, frozen=True, kw_only=True):
    """A registry of the server; the home registry, which was there first, has no id."""

    home: bool
    registry_id: str | None


class NetworkRules(Shape, frozen=True, kw_only=True):
    """From where the registry's content may be reached."""

    public_access: bool
    default_action: Literal["allow", "deny"]
    allowed: list[str]


class Import(Shape, frozen=True, kw_only=True):
    """An import; one that failed is told as a problem. The digest is there once it has ended."""

    import_id: str
    state: Literal["running", "succeeded"]
    digest: str | None
    size: int | None


class AdminUser(Shape, frozen=True, kw_only=True):
    """The admin user, and when its passwords were made."""

    username: str
    enabled: bool
    password_dates: dict[str, Time]


class AdminPasswords(Shape, frozen=True, kw_only=True):
    """The admin user after a change; passwords only where they were made by it."""

    username: str
    enabled: bool
    passwords: dict[str, str] | UnsetType = UNSET


class SigningKey(Shape, frozen=True, kw_only=True):
    """A key that signs, or verifies what it signed."""

    key_id: str
    created: Time
    retired: Time | None


class Secret(Shape, frozen=True, kw_only=True):
    """A secret without the secret."""

    secret_id: str
    name: str
    created: Time
    expires: Time | None


class NewSecret(Shape, frozen=True, kw_only=True):
    """A service principal with the secret that was made; it is shown this once."""

    client_id: str
    object_id: str
    display_name: str
    secret: str
    secret_id: str
    secret_name: str
    expires: Time | None


class Certificate(Shape, frozen=True, kw_only=True):
    """A certificate of a service principal, by its thumbprint."""

    certificate_id: str
    name: str
    thumbprint: str
    created: Time
    expires: Time | None


class FederatedCredential(Shape, frozen=True, kw_only=True):
    """Whose tokens stand for a service principal."""

    credential_id: str
    name: str
    issuer: str
    subject: str
    audience: str
    pattern: bool
    created: Time


class User(Shape, frozen=True, kw_only=True):
    """A user; the distinguished name is there for one who comes from LDAP."""

    username: str
    display_name: str
    object_id: str
    enabled: bool
    totp: bool
    signed_out: Time | None
    source: Literal["local", "ldap"]
    distinguished_name: str | None
    created: Time


class UserWithPassword(User, frozen=True, kw_only=True):
    """A user; with the password, when it was made here."""

    password: str | UnsetType = UNSET


class UserWithTotp(User, frozen=True, kw_only=True):
    """A user, and the secret of the one-time passwords; it is shown this once."""

    secret: str
    uri: str


class Member(Shape, frozen=True, kw_only=True):
    """A direct member of a group; without a name when it is gone."""

    object_id: str
    display_name: str | None


class Group(Shape, frozen=True, kw_only=True):
    """A group with its direct members."""

    display_name: str
    object_id: str
    source: Literal["local", "ldap"]
    distinguished_name: str | None
    created: Time
    members: list[Member]


class ServicePrincipal(Shape, frozen=True, kw_only=True):
    """A service principal, and what it proves itself by."""

    display_name: str
    client_id: str
    object_id: str
    enabled: bool
    created: Time
    secrets: list[Secret]
    certificates: list[Certificate]
    federated_credentials: list[FederatedCredential]


class Host(Shape, frozen=True, kw_only=True):
    """A host whose agent may ask for tokens."""

    host: str
    assigned: Time


class ManagedIdentity(Shape, frozen=True, kw_only=True):
    """A managed identity, and the hosts that it is assigned to."""

    name: str
    kind: Literal["user-assigned", "system-assigned"]
    client_id: str
    object_id: str
    resource_id: str
    enabled: bool
    created: Time
    hosts: list[Host]


class AssignedIdentity(Shape, frozen=True, kw_only=True):
    """What the agent of a host needs; the secret is shown this once."""

    tenant: str
    host: str
    name: str
    client_id: str
    object_id: str
    resource_id: str
    system_assigned: bool
    secret: str


class Trust(Shape, frozen=True, kw_only=True):
    """An outside issuer whose tokens are taken."""

    issuer: str
    name: str
    kind: str
    audiences: list[str]
    keys: Literal["given", "discovered"]
    metadata: str | None
    service_principals: list[str]
    created: Time


class CheckedIssuer(Shape, frozen=True, kw_only=True):
    """What an issuer publishes; where it was found, when it was asked."""

    issuer: str
    kind: str
    trusted: bool
    asked: bool
    metadata: str | UnsetType = UNSET
    keys_from: str | UnsetType = UNSET
    private_address: bool | UnsetType = UNSET
    keys: int
    key_ids: list[str]
    algorithms: list[str]


class LdapSetup(Shape, frozen=True, kw_only=True):
    """The LDAP server that is asked, with how many come from there."""

    url: str
    kind: str
    plain: bool
    here: bool
    ca_file: str | None
    bind_dn: str | None
    bind_password_file: str | None
    user_base: str
    user_filter: str
    name_attribute: str
    group_base: str | None
    group_filter: str | None
    users: int
    groups: int
    created: Time
    synced: Time | None


class RemovedLdapSetup(LdapSetup, frozen=True, kw_only=True):
    """The LDAP server that was asked, and the users who were disabled with it."""

    disabled: list[str]


class LdapStep(Shape, frozen=True, kw_only=True):
    """One step of a trial."""

    step: str
    good: bool
    found: str


class LdapTrial(Shape, frozen=True, kw_only=True):
    """What was found when the LDAP server was asked step by step."""

    url: str
    good: bool
    steps: list[LdapStep]


class SyncedChange(Shape, frozen=True, kw_only=True):
    """What a synchronisation does to one user or group."""

    kind: str
    name: str
    changes: list[str]


class SyncConflict(Shape, frozen=True, kw_only=True):
    """Why a user or group of the LDAP server was left out."""

    kind: str
    name: str
    reason: str


class Sync(Shape, frozen=True, kw_only=True):
    """What a synchronisation did, or would do."""

    dry_run: bool
    changes: list[SyncedChange]
    conflicts: list[SyncConflict]
    needs_force: bool


class ScopeMap(Shape, frozen=True, kw_only=True):
    """A scope map."""

    name: str
    description: str
    type: Literal["SystemDefined", "UserDefined"]
    actions: list[str]


class RemovedScopeMap(Shape, frozen=True, kw_only=True):
    """The name of a scope map that is gone."""

    name: str


class Token(Shape, frozen=True, kw_only=True):
    """A non-directory token."""

    name: str
    scope_map: str
    enabled: bool
    created: Time
    passwords: list[Secret]


class TokenPasswords(Shape, frozen=True, kw_only=True):
    """A token with the passwords that were made; they are shown this once."""

    username: str
    scope_map: str
    password1: str | UnsetType = UNSET
    password2: str | UnsetType = UNSET
    expires: dict[str, Time | None]
