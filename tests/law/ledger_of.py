"""A law written down as the records that a registry would keep of it, and everybody's secrets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from pratique.access import DenyAssignment, Law, Principal, PrincipalKind, RoleDefinition
from pratique.access.conditions import attribute_key
from pratique.admission import RegistryRecord, Row
from pratique.admission.records import (
    AttributesRecord,
    DenyRecord,
    PermissionsRecord,
    Record,
    RoleRecord,
    ScopeMapRecord,
    kind_and_key,
)
from pratique.admission.translation import CUSTOM_ATTRIBUTE, assignment_record
from pratique.identity import AdminAccount, Application, Group, StoredSecret, TokenAccount
from pratique.identity.secrets import hash_secret
from pratique.testing.law_builder import object_id

_BEGINNING = datetime.fromtimestamp(0, UTC)


def rows_of(law: Law) -> tuple[Row, ...]:
    """The rows that make a registry whose law is `law`.

    Everybody who can sign in is an application, whose secret is checked faster than a password that
    a person chose; the law treats both alike. `secret_of` gives the secrets.

    Raises:
        ValueError: no record can say what the law says.
    """
    return tuple(Row(*kind_and_key(r), msgspec.json.encode(r)) for r in _records(law))


def secret_of(name: str) -> str:
    """The secret that goes with a client id, a token's name or the admin user's name."""
    return f"the secret of {name}"


def _records(law: Law) -> Iterator[Record]:
    yield _registry(law)
    yield AdminAccount((_secret(law.registry.name),))
    for principal in law.principals.values():
        yield _principal(principal)
        if principal.attributes:
            values = {_short(name): held for name, held in principal.attributes.items()}
            yield AttributesRecord(principal.object_id, _plain(values))
    yield from (_role(role) for role in law.roles.values() if not role.built_in)
    yield from map(assignment_record, law.every_assignment())
    yield from map(_denial, law.every_denial())
    for token in law.tokens.values():
        password = (_secret(token.name),)
        yield TokenAccount(token.name, token.scope_map, _BEGINNING, password, token.enabled)
    for scope_map in law.scope_maps.values():
        if not scope_map.system_defined:
            actions = tuple(map(str, scope_map.rules))
            yield ScopeMapRecord(scope_map.name, scope_map.description, actions, _BEGINNING)


def _registry(law: Law) -> RegistryRecord:
    policy = law.registry
    _, _, subscription, _, group, *_ = policy.scope.split("/")
    record = RegistryRecord(
        policy.name,
        subscription,
        group,
        _BEGINNING,
        management_groups=policy.management_groups,
        mode=policy.mode,
        admin_enabled=policy.admin_enabled,
        anonymous_pull=policy.anonymous_pull,
    )
    if record.scope != policy.scope:
        raise ValueError(f"{policy.scope} is not where a registry stands")
    return record


def _principal(principal: Principal) -> Application | Group:
    if principal.kind is PrincipalKind.GROUP:
        if not principal.enabled:
            raise ValueError("groups of a registry cannot be disabled")
        members = tuple(sorted(principal.members))
        return Group(principal.object_id, principal.display_name, _BEGINNING, members)
    return Application(
        principal.object_id,
        principal.object_id,
        principal.display_name,
        _BEGINNING,
        (_secret(principal.object_id),),
        principal.enabled,
    )


def _secret(name: str) -> StoredSecret:
    return StoredSecret(object_id(f"secret {name}"), name, hash_secret(secret_of(name)), _BEGINNING)


def _short(name: str) -> str:
    return name.removeprefix(attribute_key(CUSTOM_ATTRIBUTE))


def _plain(
    values: dict[str, tuple[str | int | bool | datetime, ...]],
) -> dict[str, tuple[str | int | bool, ...]]:
    return {
        name: tuple(value for value in held if not isinstance(value, datetime))
        for name, held in values.items()
    }


def _role(role: RoleDefinition) -> RoleRecord:
    (held,) = role.permissions
    return RoleRecord(
        role.role_id,
        role.name,
        role.description,
        PermissionsRecord(held.actions, held.not_actions, held.data_actions, held.not_data_actions),
        tuple(map(str, role.assignable_scopes)),
        _BEGINNING,
    )


def _denial(denial: DenyAssignment) -> DenyRecord:
    (refusal,) = denial.refusals
    held = refusal.permissions
    return DenyRecord(
        denial.deny_id,
        denial.name,
        denial.description,
        PermissionsRecord(
            held.actions,
            held.not_actions,
            held.data_actions,
            held.not_data_actions,
            refusal.condition,
        ),
        str(denial.scope),
        tuple(sorted(denial.principal_ids)),
        tuple(sorted(denial.excluded_ids)),
        denial.reaches_below,
        _BEGINNING,
    )
