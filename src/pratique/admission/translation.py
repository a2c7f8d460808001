"""From stored records to the values of the law. Records came through the door when written."""

from __future__ import annotations

from functools import lru_cache
from sys import intern

from pratique.access import (
    DenyAssignment,
    NetworkRules,
    PermissionSet,
    Principal,
    PrincipalKind,
    Refusal,
    RegistryPolicy,
    RoleAssignment,
    RoleDefinition,
    ScopeMap,
    ScopeMapRule,
)
from pratique.access.conditions import attribute_key
from pratique.admission.records import (
    AssignmentRecord,
    AttributesRecord,
    DenyRecord,
    PermissionsRecord,
    RegistryRecord,
    RegistrySettings,
    RoleRecord,
    ScopeMapRecord,
)
from pratique.identity import Application, Group, User
from pratique.naming import AddressRange, ResourceScope

CUSTOM_ATTRIBUTE = "Microsoft.Directory/CustomSecurityAttributes/Id:"


def policy(record: RegistryRecord) -> RegistryPolicy:
    """What the registry itself says about access."""
    return RegistryPolicy(
        name=record.name,
        scope=record.scope,
        mode=record.mode,
        management_groups=record.management_groups,
        admin_enabled=record.admin_enabled,
        anonymous_pull=record.anonymous_pull,
        network=network_rules(record),
    )


def network_rules(record: RegistrySettings) -> NetworkRules | None:
    """From where a registry's content may be reached; None for everywhere."""
    stored = record.network
    rules = NetworkRules(
        stored.public_access, stored.allow_by_default, tuple(map(AddressRange, stored.allowed))
    )
    return None if rules.open else rules


def principal(
    account: User | Application | Group, attributes: AttributesRecord | None
) -> Principal:
    """Somebody as the law knows them."""
    values = {
        attribute_key(CUSTOM_ATTRIBUTE + name): held
        for name, held in (attributes.values if attributes else {}).items()
    }
    match account:
        case User():
            kind, enabled, members = PrincipalKind.USER, account.enabled, frozenset[str]()
        case Application():
            kind, enabled, members = PrincipalKind.SERVICE_PRINCIPAL, account.enabled, frozenset()
        case Group():
            kind, enabled, members = PrincipalKind.GROUP, True, frozenset(account.members)
    return Principal(
        intern(account.object_id), kind, account.display_name, enabled, members, values
    )


def assignment(record: AssignmentRecord) -> RoleAssignment:
    """A role assignment. A law repeats few roles, holders and scopes, so their text is shared."""
    return RoleAssignment(
        record.assignment_id,
        intern(record.role_id),
        intern(record.principal_id),
        _scope(record.scope),
        record.created_at,
        record.condition,
        record.description,
    )


def assignment_record(held: RoleAssignment) -> AssignmentRecord:
    """A role assignment as it is stored."""
    return AssignmentRecord(
        held.assignment_id,
        held.role_id,
        held.principal_id,
        str(held.scope),
        held.created_at,
        held.condition,
        held.description,
    )


def role(record: RoleRecord) -> RoleDefinition:
    """A custom role."""
    return RoleDefinition(
        record.role_id,
        record.name,
        record.description,
        (_permissions(record.permissions),),
        assignable_scopes=tuple(map(_scope, record.assignable_scopes)),
    )


def denial(record: DenyRecord) -> DenyAssignment:
    """A deny assignment."""
    return DenyAssignment(
        deny_id=record.deny_id,
        name=record.name,
        description=record.description,
        refusals=(Refusal(_permissions(record.permissions), record.permissions.condition),),
        scope=_scope(record.scope),
        principal_ids=frozenset(record.principals),
        excluded_ids=frozenset(record.excluded),
        reaches_below=record.reaches_below,
        created_at=record.created_at,
    )


def scope_map(record: ScopeMapRecord) -> ScopeMap:
    """A scope map that somebody made."""
    rules = tuple(ScopeMapRule.parse(action) for action in record.actions)
    return ScopeMap(record.name, record.description, rules)


def _permissions(record: PermissionsRecord) -> PermissionSet:
    return PermissionSet(
        record.actions, record.not_actions, record.data_actions, record.not_data_actions
    )


@lru_cache(maxsize=4096)
def _scope(text: str) -> ResourceScope:
    return ResourceScope(text)
