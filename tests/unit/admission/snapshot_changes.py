"""Random changes of law and directory, and all that a snapshot says, in comparable form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from pratique.access import (
    EVERY_REPOSITORY,
    THE_REGISTRY,
    ControlAction,
    Question,
    RegistryAction,
    RoleMode,
    decide,
)
from pratique.access.holders import every_subject
from pratique.admission import Draft, RegistryRecord, Snapshot
from pratique.admission.changes import (
    applications,
    attributes,
    custom_roles,
    denials,
    people,
    registries,
    registry,
    roles,
    tokens,
)
from pratique.admission.records import PermissionsRecord
from pratique.admission.snapshot import empty_snapshot
from pratique.naming import RepositoryName, ResourceScope

AT = datetime(2026, 1, 5, 8, tzinfo=UTC)
RECORD = RegistryRecord(
    *("demoregistry", "quay", "berth", AT, "demo.test"), management_groups=("harbour",)
)
FURTHER = ("secondregistry", "thirdregistry")
SCOPE = RECORD.scope
_REGISTRIES = "Microsoft.ContainerRegistry/registries/"

PEOPLE = ("ada", "ben")
SERVICES = ("ci", "robot")
GROUPS = ("crew", "fleet")
CUSTOM_ROLES = ("Pilot", "Harbour Master")
DENIALS = ("no push", "nothing here")
SCOPE_MAPS = ("mine-map", "yours-map")
TOKENS = ("deploy", "Deploy", "leafy")
_PRINCIPALS = st.sampled_from((*PEOPLE, *SERVICES, *GROUPS, "owner"))
_SCOPES = st.sampled_from(
    [
        SCOPE,
        ResourceScope("/"),
        ResourceScope("/subscriptions/quay"),
        ResourceScope("/SUBSCRIPTIONS/quay/resourceGroups/berth"),
        ResourceScope("/subscriptions/elsewhere"),
        ResourceScope.management_group("harbour"),
    ]
)
_CONDITIONS = st.sampled_from(
    [
        None,
        f"@Request[{_REGISTRIES}repositories:name] StringLike 'team/*'",
        "@Environment[UtcNow] DateTimeLessThan '2026-01-05T09:00:00.0Z'",
        "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Eng_Team] StringEquals 'red'",
    ]
)
_PATTERNS = st.lists(
    st.sampled_from(
        [
            *("*", "*/read", f"{_REGISTRIES}*", f"{_REGISTRIES}pull/read"),
            *(f"{_REGISTRIES}push/write", f"{_REGISTRIES}repositories/*/read"),
            "Microsoft.Authorization/*/write",
        ]
    ),
    max_size=2,
).map(tuple)


@dataclass(slots=True)
class Ids:
    """Ids and random bytes that are the same in each run, and each once."""

    given: int = 0

    def __call__(self) -> str:
        """The next GUID."""
        self.given += 1
        return str(UUID(int=self.given))

    def bytes(self, number: int) -> bytes:
        """So many bytes, not given before."""
        self.given += 1
        return self.given.to_bytes(number, "big")


@dataclass(slots=True)
class Drafting:
    """Makes drafts, each a second after the last one."""

    ids: Ids = field(default_factory=Ids)
    at: datetime = AT

    def draft(self, snapshot: Snapshot) -> Draft:
        """A draft on `snapshot`."""
        self.at += timedelta(seconds=1)
        return Draft(snapshot, self.at, self.ids, self.ids.bytes)

    def beginning(self) -> Draft:
        """The first records of a registry, whose owner is called `owner`."""
        draft = self.draft(empty_snapshot(RECORD))
        registry.found(draft, RECORD, "owner", "no hash")
        return draft


@dataclass(frozen=True)
class Change:
    """One operation with its arguments, as the control plane would be asked for it.

    Attributes:
        at: name of the further registry at which it is asked; empty for the home registry.
    """

    operation: Callable[..., object]
    arguments: tuple[Any, ...] = ()
    named: dict[str, Any] = field(default_factory=dict)
    at: str = ""

    def seen(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot as it is seen from there.

        Raises:
            NotFound: there is no such registry.
        """
        return snapshot.named(self.at) if self.at else snapshot

    def __call__(self, draft: Draft) -> object:
        """Write it into the draft."""
        return self.operation(draft, *self.arguments, **self.named)

    def __repr__(self) -> str:
        given = [*map(repr, self.arguments), *(f"{k}={v!r}" for k, v in self.named.items())]
        return f"{self.operation.__name__}({', '.join(given)}){self.at and f' at {self.at}'}"


def _calls(
    operation: Callable[..., object], *arguments: st.SearchStrategy[Any] | object, **named: Any
) -> st.SearchStrategy[Change]:
    given = [a if isinstance(a, st.SearchStrategy) else st.just(a) for a in arguments]
    return st.builds(Change, st.just(operation), st.tuples(*given), st.fixed_dictionaries(named))


_ON = {"enabled": st.booleans()}
_USER, _SERVICE, _GROUP = map(st.sampled_from, (PEOPLE, SERVICES, GROUPS))
_MAP, _TOKEN = st.sampled_from(SCOPE_MAPS), st.sampled_from(TOKENS)
_MAPS = st.sampled_from((*SCOPE_MAPS, "_repositories_pull"))
_DENY = st.sampled_from(DENIALS)
_SOME = st.lists(_PRINCIPALS, max_size=2).map(tuple)
_RULES = st.lists(
    st.sampled_from(["repositories/team/*/content/read", "repositories/*/content/write"]),
    max_size=2,
)
_ROLES = st.sampled_from(
    (*CUSTOM_ROLES, "AcrPull", "Owner", "Container Registry Repository Reader")
)
_PERMISSIONS = st.builds(PermissionsRecord, _PATTERNS, _PATTERNS, _PATTERNS, _PATTERNS)
_WANTED_ROLES = st.builds(
    custom_roles.WantedRole,
    st.sampled_from(CUSTOM_ROLES),
    st.just(""),
    _PERMISSIONS,
    st.lists(_SCOPES, min_size=1, max_size=2).map(tuple),
)
_WANTED_ASSIGNMENTS = st.builds(
    roles.WantedAssignment,
    _ROLES,
    _PRINCIPALS,
    _SCOPES,
    _CONDITIONS,
    when_present=st.sampled_from(roles.WhenPresent),
)
_WANTED_DENIALS = st.builds(
    denials.WantedDenial,
    _DENY,
    st.just(""),
    st.builds(PermissionsRecord, _PATTERNS, _PATTERNS, _PATTERNS, _PATTERNS, _CONDITIONS),
    _SCOPES,
    _SOME,
    st.booleans(),
    _SOME,
    st.booleans(),
)


_HOSTS = st.sampled_from(["second.test", "third.test", "demo.test"])
_WANTED_REGISTRIES = st.builds(
    registries.WantedRegistry,
    st.sampled_from(FURTHER),
    _HOSTS,
    st.sampled_from([None, "dock"]),
    admin_user=st.booleans(),
)


def own_changes() -> st.SearchStrategy[Change]:
    """Any change of what belongs to one registry alone."""
    return st.one_of(
        _calls(tokens.create_scope_map, _MAP, "", _RULES),
        _calls(tokens.update_scope_map, _MAP, _RULES, st.just(()), None),
        _calls(tokens.delete_scope_map, _MAP),
        _calls(tokens.create_token, _TOKEN, _MAPS, st.sampled_from([None, 2])),
        _calls(tokens.new_token_password, _TOKEN, "password1", None),
        _calls(tokens.set_token_enabled, _TOKEN, **_ON),
        _calls(tokens.bind_token, _TOKEN, _MAPS),
        _calls(tokens.delete_token, _TOKEN),
        _calls(
            registry.update,
            mode=st.sampled_from((None, *RoleMode)),
            anonymous_pull=st.sampled_from([None, True, False]),
            login_server=st.one_of(st.none(), _HOSTS),
        ),
        _calls(registry.enable_admin_user),
        _calls(registry.disable_admin_user),
        _calls(registry.regenerate_admin_password, "password"),
    )


def changes() -> st.SearchStrategy[Any]:
    """Any one change; many of them make no sense on the state that they meet."""
    return st.one_of(
        *[_calls(registries.create, _WANTED_REGISTRIES)] * 2,
        _calls(registries.delete, st.sampled_from(FURTHER)),
        *[st.builds(replace, own_changes(), at=st.sampled_from(FURTHER))] * 2,
        _calls(people.create_user, _USER, None, "no hash"),
        _calls(people.set_user_enabled, _USER, **_ON),
        _calls(people.set_password, _USER, "another hash"),
        _calls(people.delete_user, _USER),
        _calls(applications.create, _SERVICE, 30),
        _calls(applications.add_secret, _SERVICE, "more", 1),
        _calls(applications.delete_secret, _SERVICE, "more"),
        _calls(applications.set_enabled, _SERVICE, **_ON),
        _calls(applications.delete, _SERVICE),
        _calls(people.create_group, _GROUP),
        _calls(people.add_member, _GROUP, _PRINCIPALS),
        _calls(people.remove_member, _GROUP, _PRINCIPALS),
        _calls(people.delete_group, _GROUP),
        _calls(custom_roles.create_role, _WANTED_ROLES),
        _calls(custom_roles.update_role, st.sampled_from(CUSTOM_ROLES), _WANTED_ROLES),
        _calls(custom_roles.delete_role, st.sampled_from(CUSTOM_ROLES)),
        # What a law holds most of comes most often.
        *[_calls(roles.assign, _WANTED_ASSIGNMENTS)] * 4,
        _calls(roles.unassign, _ROLES, _PRINCIPALS, _SCOPES),
        _calls(denials.create_denial, _WANTED_DENIALS),
        _calls(denials.update_denial, _DENY, _SOME, _SOME),
        _calls(denials.delete_denial, _DENY),
        _calls(attributes.set_attribute, _PRINCIPALS, "Eng_Team", st.just(("red", 1, True))),
        _calls(attributes.remove_attribute, _PRINCIPALS, "eng_TEAM"),
        own_changes(),
        _calls(registry.rotate_signing_key, at_once=st.booleans()),
    )


def settled() -> tuple[Change, ...]:
    """Changes after which most of the others make sense."""
    permissions = PermissionsRecord((f"{_REGISTRIES}pull/read",))
    denial = denials.WantedDenial(
        *(DENIALS[0], "", permissions, SCOPE, ("crew",), False, ("ben",)),
    )
    return (
        *(Change(people.create_user, (name, None, "no hash")) for name in PEOPLE),
        *(Change(applications.create, (name, 30)) for name in SERVICES),
        *(Change(people.create_group, (name,)) for name in GROUPS),
        Change(people.add_member, ("crew", "ada")),
        Change(people.add_member, ("fleet", "crew")),
        Change(
            custom_roles.create_role,
            (custom_roles.WantedRole(CUSTOM_ROLES[0], "", permissions, (SCOPE,)),),
        ),
        Change(roles.assign, (roles.WantedAssignment(CUSTOM_ROLES[0], "fleet", SCOPE),)),
        Change(roles.assign, (roles.WantedAssignment("AcrPush", "ada", SCOPE),)),
        Change(denials.create_denial, (denial,)),
        Change(tokens.create_scope_map, (SCOPE_MAPS[0], "", ["repositories/base/content/read"])),
        Change(tokens.create_token, (TOKENS[0], SCOPE_MAPS[0], None)),
        Change(registries.create, (registries.WantedRegistry(FURTHER[0], "second.test"),)),
    )


def told(snapshot: Snapshot) -> dict[str, Any]:
    """All that a snapshot says, its version aside, copied so that it cannot change any more.

    That is what it says seen from each registry.
    """
    return {
        "hosts": dict(snapshot.hosts),
        "places": dict(snapshot.places),
        **{seen.registry_id: told_here(seen) for seen in snapshot.each()},
    }


def told_here(snapshot: Snapshot) -> dict[str, Any]:
    """What it says seen from the registry that it is seen from."""
    law, directory = snapshot.law, snapshot.directory
    return {
        "registry": snapshot.registry,
        "records": dict(snapshot.records),
        "keys": snapshot.keys.records,
        "policy": law.registry,
        "line": law.line,
        "principals": dict(law.principals),
        "roles": {key: vars_of_role(role) for key, role in law.roles.items()},
        "assigned": {key: dict(held) for key, held in law.assigned.items()},
        "where": dict(law.where),
        "denials": dict(law.denials),
        "memberships": dict(law.memberships.direct),
        "tokens": dict(law.tokens),
        "scope maps": dict(law.scope_maps),
        "directory": [
            dict(part) if isinstance(part, dict) else part
            for part in (
                *(directory.users, directory.applications, directory.groups, directory.tokens),
                *(directory.admin, directory.admin_name, directory.by_object_id),
                directory.expiry_of_credentials,
            )
        ],
        "verdicts": verdicts(snapshot),
    }


def vars_of_role(role: Any) -> tuple[Any, ...]:
    """A role definition's content, since definitions compare by identity."""
    return (role.name, role.description, astuple(role.permissions[0]), role.assignable_scopes)


_ASKED: tuple[tuple[Any, Any], ...] = (
    *((a, RepositoryName(n)) for n in ("team/app", "base") for a in list(RegistryAction)[:5]),
    (RegistryAction.PULL, EVERY_REPOSITORY),
    (RegistryAction.CATALOG, THE_REGISTRY),
    (ControlAction("Microsoft.Authorization/roleAssignments/write"), THE_REGISTRY),
    (ControlAction("Microsoft.Authorization/directory/users/write"), ResourceScope("/")),
)


def verdicts(snapshot: Snapshot) -> list[tuple[Any, ...]]:
    """What the law answers to everybody it knows, with every rule that was looked at."""
    found = []
    for subject in sorted(every_subject(snapshot.law), key=repr):
        for action, resource in _ASKED:
            verdict = decide(Question(subject, action, resource), snapshot.law, AT)
            rules = sorted((c.rule_id, c.role_name, c.outcome) for c in verdict.consulted)
            found.append((subject, action, resource, verdict.reason, rules))
    return found
