"""The law's own records, and the table of all kinds of record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from pratique.access import RoleMode
from pratique.identity import AdminAccount, Application, Group, SigningKey, TokenAccount, User
from pratique.identity.ldap import LdapSetup
from pratique.naming import RegistryName, ResourceScope


class NetworkRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """From where a registry's content may be reached; `access.NetworkRules` says what it means."""

    public_access: bool = True
    allow_by_default: bool = True
    allowed: tuple[str, ...] = ()


class RegistrySettings(msgspec.Struct, frozen=True):
    """What every registry of a server has of its own.

    Attributes:
        login_server: the host name that clients use, None to take the one they send; it may have a
            port. Only a server's single registry may do without.
        help_page: URL that refusals point to; None for the registry's own page.
        accepts_arm_tokens: whether the exchange takes tokens that were made for the resource
            manager (`azureADAuthenticationAsArmPolicy`, reference 9).
        network: from where its content may be reached.
    """

    name: str
    subscription_id: str
    resource_group: str
    created_at: datetime
    login_server: str | None = None
    mode: RoleMode = RoleMode.RBAC
    admin_enabled: bool = False
    anonymous_pull: bool = False
    help_page: str | None = None
    accepts_arm_tokens: bool = True
    network: NetworkRecord = NetworkRecord()

    @property
    def scope(self) -> ResourceScope:
        """The registry's resource id."""
        return ResourceScope(
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.ContainerRegistry/registries/{RegistryName(self.name)}"
        )


class RegistryRecord(RegistrySettings, frozen=True):
    """The home registry: the first one of a server, and what there is but once on a server.

    Attributes:
        tenant_id: GUID of the built-in directory as a tenant; empty for registries that are older
            than tenants.
        tenant_domain: a name by which clients may call the tenant; empty for none.
        password_grant: whether the directory's token endpoint takes users' passwords.
        refusals_kept_days: how long refusals are recorded, if there are not too many.
    """

    management_groups: tuple[str, ...] = ()
    tenant_id: str = ""
    tenant_domain: str = ""
    password_grant: bool = False
    refusals_kept_days: int = 30

    @property
    def tenant(self) -> str:
        """The directory's tenant id; older registries take their subscription's."""
        return self.tenant_id or self.subscription_id


class FurtherRegistryRecord(RegistrySettings, frozen=True, kw_only=True):
    """Another registry of the same server, in the same subscription, under the same directory.

    Attributes:
        registry_id: of this registry and no other, before or after it: whatever belongs to it
            alone names this, so that one that is made again under its name finds nothing of it.
    """

    registry_id: str


class ResourceGroupRecord(msgspec.Struct, frozen=True):
    """A resource group that somebody made; the home registry's own needs no record."""

    name: str
    created_at: datetime


class AssignmentRecord(msgspec.Struct, frozen=True):
    """A role assignment (reference 10.3).

    Attributes:
        condition: in the condition language; None to grant without one.
        description: what people have written about it.
    """

    assignment_id: str
    role_id: str
    principal_id: str
    scope: str
    created_at: datetime
    condition: str | None = None
    description: str = ""


class PermissionsRecord(msgspec.Struct, frozen=True):
    """Permissions with some taken out.

    Attributes:
        condition: of a deny assignment's permissions; None for always.
    """

    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()
    condition: str | None = None


class RoleRecord(msgspec.Struct, frozen=True):
    """A custom role definition; built-in ones are not stored."""

    role_id: str
    name: str
    description: str
    permissions: PermissionsRecord
    assignable_scopes: tuple[str, ...]
    created_at: datetime


class DenyRecord(msgspec.Struct, frozen=True):
    """A deny assignment (reference 4.6)."""

    deny_id: str
    name: str
    description: str
    permissions: PermissionsRecord
    scope: str
    principals: tuple[str, ...]
    excluded: tuple[str, ...]
    reaches_below: bool
    created_at: datetime


class AttributesRecord(msgspec.Struct, frozen=True):
    """A principal's custom security attributes, each `SET_NAME` with its values."""

    object_id: str
    values: dict[str, tuple[str | int | bool, ...]]


class TrustRecord(msgspec.Struct, frozen=True):
    """An outside issuer whose tokens may stand for credentials of this directory.

    Attributes:
        issuer: its `iss`, exactly; discovery starts there.
        audiences: of which a token must name one.
        jwks: keys given by the operator, in JSON; None to discover them.
    """

    issuer: str
    name: str
    audiences: tuple[str, ...]
    created_at: datetime
    jwks: str | None = None


class ScopeMapRecord(msgspec.Struct, frozen=True):
    """A scope map that somebody made; `actions` in the form `repositories/NAME/VERB`.

    Attributes:
        registry: id of the further registry that it belongs to; empty for the home registry.
    """

    name: str
    description: str
    actions: tuple[str, ...]
    created_at: datetime
    registry: str = ""


Record = (
    RegistryRecord
    | FurtherRegistryRecord
    | ResourceGroupRecord
    | AssignmentRecord
    | RoleRecord
    | DenyRecord
    | AttributesRecord
    | ScopeMapRecord
    | TrustRecord
    | LdapSetup
    | User
    | Application
    | Group
    | AdminAccount
    | TokenAccount
    | SigningKey
)

KINDS: dict[str, type[Any]] = {
    "registry": RegistryRecord,
    "further-registry": FurtherRegistryRecord,
    "resource-group": ResourceGroupRecord,
    "assignment": AssignmentRecord,
    "role": RoleRecord,
    "deny": DenyRecord,
    "attributes": AttributesRecord,
    "scope-map": ScopeMapRecord,
    "trust": TrustRecord,
    "ldap": LdapSetup,
    "user": User,
    "application": Application,
    "group": Group,
    "admin": AdminAccount,
    "token": TokenAccount,
    "signing-key": SigningKey,
}
_KIND_OF = {record_type: kind for kind, record_type in KINDS.items()}
_DECODERS = {kind: msgspec.json.Decoder(record_type) for kind, record_type in KINDS.items()}
_KEY_FIELD = {
    "further-registry": "name",
    "resource-group": "name",
    "assignment": "assignment_id",
    "role": "role_id",
    "deny": "deny_id",
    "attributes": "object_id",
    "scope-map": "name",
    "trust": "issuer",
    "user": "object_id",
    "application": "object_id",
    "group": "object_id",
    "token": "name",
    "signing-key": "key_id",
}


def kind_and_key(record: Record) -> tuple[str, str]:
    """Under what a record is kept; home registry, its admin and the LDAP server have no key.

    Names compare without case, so keys are lower-cased. What belongs to a further registry alone
    has that one's id before its name.
    """
    kind = _KIND_OF[type(record)]
    field = _KEY_FIELD.get(kind)
    key = str(getattr(record, field)).casefold() if field else ""
    if isinstance(record, AdminAccount):
        return kind, record.registry
    if isinstance(record, TokenAccount | ScopeMapRecord) and record.registry:
        return kind, f"{record.registry}/{key}"
    return kind, key


def decode(kind: str, body: bytes) -> Record:
    """The record that a row's body holds.

    Raises:
        msgspec.DecodeError, msgspec.ValidationError: the store holds what this version of the
            product cannot read; nothing is judged by half a law.
    """
    record: Record = _DECODERS[kind].decode(body)
    return record
