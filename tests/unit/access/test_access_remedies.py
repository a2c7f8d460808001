"""What would help against a refusal, as commands and as steps applied to the law."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

import pytest
from tests.law.reading import NOON, bound_to, read_question

from pratique.access import (
    Allowed,
    Denied,
    Law,
    PermissionSet,
    Reason,
    Refusal,
    Remedy,
    RoleMode,
    ScopeMapRule,
    amended,
    decide,
    remedies,
)
from pratique.access.conditions import Condition
from pratique.access.steps import (
    AssignRole,
    BindToken,
    EnableAdminUser,
    EnablePrincipal,
    EnableToken,
    ExcludeFromDenial,
    LogInAgain,
    OpenToAll,
    Step,
    WidenScopeMap,
    widen,
)
from pratique.naming import RepositoryName
from pratique.testing.law_builder import LawBuilder, object_id

_DEV = object_id("dev")
_READER = "Container Registry Repository Reader"
_WRITER = "Container Registry Repository Writer"
_IMPORTER = "Container Registry Data Importer and Data Reader"
_EVERYTHING = Refusal(PermissionSet(("*",)))
_AUTHORIZATION = "Microsoft.Authorization"
_REGISTRIES = "Microsoft.ContainerRegistry/registries"


def _dev(mode: RoleMode = RoleMode.RBAC) -> LawBuilder:
    return LawBuilder(mode=mode).user("dev")


def _assign(role: str, more: str = "") -> str:
    return f'pratique role assign "{role}" --to {_DEV}{more}'


def _exclude(number: int) -> str:
    return f"pratique deny update {UUID(int=number)} --exclude {_DEV}"


def _rebind(scope_map: str, rule: str) -> str:
    return (
        f"pratique scope-map create {scope_map} --allow '*:content/read' --allow '{rule}' "
        f"&& pratique token update leaf --scope-map {scope_map}"
    )


@dataclass(frozen=True)
class Helped:
    """A question that is refused on a law, and what would help: the commands of each remedy."""

    law: LawBuilder
    asked: str
    by: tuple[tuple[str, ...], ...]


_HELPED = {
    "nobody reads": Helped(
        LawBuilder(),
        "anonymous pull team/app",
        (("docker login",), ("pratique anonymous-pull on",)),
    ),
    "nobody lists": Helped(
        LawBuilder(),
        "anonymous catalog registry",
        (("docker login",), ("pratique anonymous-pull on",)),
    ),
    "nobody writes": Helped(
        LawBuilder(anonymous_pull=True), "anonymous push team/app", (("docker login",),)
    ),
    "a token too narrow": Helped(
        _dev().assign("AcrPush", "dev"),
        "dev push team/app holding repository:team/app:pull",
        (("docker logout, then docker login",),),
    ),
    "nobody of the directory": Helped(LawBuilder(), "dev pull team/app", ()),
    "a disabled user with a role": Helped(
        LawBuilder().user("dev", enabled=False).assign("AcrPull", "dev"),
        "dev pull team/app",
        ((f"pratique user enable {_DEV}",),),
    ),
    "a disabled service principal without a role": Helped(
        LawBuilder().service_principal("dev", enabled=False),
        "dev push team/app",
        ((f"pratique sp enable {_DEV}", _assign("AcrPush")),),
    ),
    "no role": Helped(
        _dev(),
        "dev pull team/app",
        ((_assign("AcrPull"),), (_assign("AcrPush"),), (_assign(_IMPORTER),)),
    ),
    "no role, where repositories are judged one by one": Helped(
        _dev(RoleMode.ABAC),
        "dev pull team/app",
        (
            (_assign(_READER, " --repository team/app"),),
            (_assign(_READER),),
            (_assign(_WRITER),),
        ),
    ),
    "the catalog, which no condition binds": Helped(
        _dev(RoleMode.ABAC),
        "dev catalog registry",
        ((_assign("Container Registry Repository Catalog Lister"),), (_assign(_IMPORTER),)),
    ),
    "a condition that is not met": Helped(
        _dev(RoleMode.ABAC).assign(_READER, "dev", condition=bound_to(_READER, "web/*")),
        "dev pull team/app",
        (
            (_assign(_READER, " --repository team/app --also"),),
            (_assign(_READER, " --replace"),),
            (_assign(_WRITER),),
        ),
    ),
    "every repository, where they are judged one by one": Helped(
        _dev(RoleMode.ABAC).assign(_READER, "dev"), "dev pull *", ()
    ),
    "every repository, where they are not": Helped(
        _dev(), "dev delete *", ((_assign("AcrDelete"),),)
    ),
    "denied": Helped(
        _dev().assign("AcrPull", "dev").deny("night", _EVERYTHING),
        "dev pull team/app",
        ((_exclude(0),),),
    ),
    "denied twice, and without a role": Helped(
        _dev().deny("night", _EVERYTHING).deny("day", _EVERYTHING, to=["dev"]),
        "dev delete team/app",
        ((_exclude(1), _exclude(0), _assign("AcrDelete")),),
    ),
    "the admin user, disabled": Helped(
        LawBuilder(), "admin-user pull team/app", (("pratique admin-user enable",),)
    ),
    "the admin user, disabled, for control": Helped(
        LawBuilder(), f"admin-user {_REGISTRIES}/read registry", ()
    ),
    "the admin user, for control": Helped(
        LawBuilder(admin_enabled=True), f"admin-user {_REGISTRIES}/read registry", ()
    ),
    "a disabled token": Helped(
        LawBuilder().token("leaf", "_repositories_pull", enabled=False),
        "token:leaf pull team/app",
        (("pratique token enable leaf",),),
    ),
    "a disabled token that would lack it": Helped(
        LawBuilder().scope_map("mine").token("leaf", "mine", enabled=False),
        "token:leaf pull team/app",
        (
            (
                "pratique token enable leaf",
                "pratique scope-map update mine --allow 'team/app:content/read'",
            ),
        ),
    ),
    "a token that is gone": Helped(LawBuilder(), "token:leaf pull team/app", ()),
    "a scope map that is gone": Helped(
        LawBuilder().token("leaf", "gone"),
        "token:leaf pull team/app",
        (("pratique scope-map create gone --allow 'team/app:content/read'",),),
    ),
    "a scope map that lacks it everywhere": Helped(
        LawBuilder().scope_map("mine").token("leaf", "mine"),
        "token:leaf metadata_write *",
        (("pratique scope-map update mine --allow '*:metadata/write'",),),
    ),
    "a scope map that nobody may change": Helped(
        LawBuilder().token("leaf", "_repositories_pull"),
        "token:leaf push team/app",
        ((_rebind("leaf-map", "team/app:content/write"),),),
    ),
    "one whose successor's name is taken": Helped(
        LawBuilder()
        .token("leaf", "_repositories_pull")
        .scope_map("LEAF-map")
        .scope_map("leaf-map2"),
        "token:leaf delete team/app",
        ((_rebind("leaf-map3", "team/app:content/delete"),),),
    ),
    "the catalog by a token": Helped(
        LawBuilder().scope_map("mine").token("leaf", "mine"),
        "token:leaf catalog registry",
        (("pratique token update leaf --scope-map _repositories_admin",),),
    ),
    "the catalog by a token whose map is gone": Helped(
        LawBuilder().token("leaf", "gone"),
        "token:leaf catalog registry",
        (("pratique token update leaf --scope-map _repositories_admin",),),
    ),
    "control by a token": Helped(
        LawBuilder().token("leaf", "_repositories_admin"),
        f"token:leaf {_REGISTRIES}/read registry",
        (),
    ),
    "what is no action": Helped(_dev(), f"dev {_REGISTRIES}/* registry", ()),
}


def _denied(helped: Helped) -> Denied:
    verdict = decide(read_question(helped.asked), helped.law.build(), NOON)
    assert isinstance(verdict, Denied)
    return verdict


@pytest.mark.parametrize("helped", _HELPED.values(), ids=list(_HELPED))
def test_remedies_are_commands_that_can_be_typed(helped: Helped) -> None:
    """At most three, the narrowest first; none where nothing that can be typed would help."""
    denied = _denied(helped)
    assert tuple(r.commands(denied.law) for r in remedies(denied, NOON)) == helped.by


@pytest.mark.parametrize(
    ("permission", "roles"),
    [
        (
            f"{_REGISTRIES}/read",
            (
                _IMPORTER,
                "Container Registry Configuration Reader and Data Access Configuration Reader",
                "Container Registry Tasks Contributor",
            ),
        ),
        (
            f"{_REGISTRIES}/write",
            (
                "Container Registry Contributor and Data Access Configuration Administrator",
                "Contributor",
            ),
        ),
        (
            f"{_AUTHORIZATION}/roleAssignments/write",
            ("Role Based Access Control Administrator",),
        ),
        (f"{_REGISTRIES}/importImage/action", (_IMPORTER,)),
        (f"{_AUTHORIZATION}/roleDefinitions/write", ("User Access Administrator", "Owner")),
        ("Contoso.Ships/decks/read", ("Reader", "Contributor")),
    ],
)
def test_least_roles_are_proposed_for_a_control_action(
    permission: str, roles: tuple[str, ...]
) -> None:
    """They carry the permission and no more power over others than needed, where it was asked."""
    law = _dev().build()
    verdict = decide(read_question(f"dev {permission} other-subscription"), law, NOON)
    assert isinstance(verdict, Denied)
    assert [r.commands(law) for r in remedies(verdict, NOON)] == [
        (_assign(role, ' --scope "/subscriptions/quay2"'),) for role in roles
    ]


def test_a_present_assignment_is_widened_and_not_doubled() -> None:
    """The condition that stands stays, and the repository that was asked about comes beside it."""
    denied = _denied(_HELPED["a condition that is not met"])
    first, second, _ = remedies(denied, NOON)
    (widened,) = first.applied(denied.law, NOON).assignments_of(_DEV)
    web, app = bound_to(_READER, "web/*"), bound_to(_READER, "team/app")
    assert widened.condition == f"({web}) OR ({app})"
    (freed,) = second.applied(denied.law, NOON).assignments_of(_DEV)
    assert freed.condition is None


def test_a_condition_too_long_to_be_widened_is_passed_over() -> None:
    """No remedy is shown that could not be carried out."""
    longest = " OR ".join(
        f"@Environment[UtcNow] DateTimeLessThan '{y}-01-01T00:00:00Z'" for y in range(1800, 1925)
    )
    law = _dev(RoleMode.ABAC).assign(_READER, "dev", condition=longest).build()
    verdict = decide(read_question("dev pull team/app"), law, NOON)
    assert isinstance(verdict, Denied)
    assert verdict.reason is Reason.CONDITION_NOT_MET
    assert [r.commands(law) for r in remedies(verdict, NOON)] == [
        (_assign(_READER, " --replace"),),
        (_assign(_WRITER),),
        (_assign("Container Registry Repository Contributor"),),
    ]


def test_widening_keeps_what_can_be_read() -> None:
    """No condition stays none; what cannot be read grants nothing, so nothing of it is kept."""
    more = Condition.parse("Exists @Environment[UtcNow]")
    assert widen(None, more) is None
    assert widen("@Request[", more) == more.text
    assert widen(more.text, more) == more.text
    other = "Exists @Environment[isPrivateLink]"
    assert widen(other, more) == f"({other}) OR ({more.text})"


def test_steps_change_what_they_say_and_nothing_else() -> None:
    """Each step, applied, is the law with that one thing changed."""
    builder = (
        LawBuilder()
        .user("dev", enabled=False)
        .user("ben", enabled=False)
        .token("leaf", "mine", enabled=False)
        .scope_map("mine", "repositories/base/*/content/read")
        .deny("night", _EVERYTHING, excluded=["ben"])
        .deny("day", _EVERYTHING)
    )
    law = builder.build()
    night, day = law.every_denial()
    rule = ScopeMapRule.parse("repositories/team/app/content/read")
    token = law.tokens["leaf"]

    def after(step: Step) -> Law:
        return amended(law, step.amendment(law, NOON))

    dev = replace(law.principals[_DEV], enabled=True)
    assert after(EnablePrincipal(_DEV)) == replace(law, principals={**law.principals, _DEV: dev})
    enabled = replace(token, enabled=True)
    assert after(EnableToken(token)) == replace(law, tokens={"leaf": enabled})
    spared = replace(night, excluded_ids=night.excluded_ids | {_DEV})
    (everyone,) = law.denials
    assert after(ExcludeFromDenial(night, _DEV)) == replace(law, denials={everyone: (spared, day)})
    opened = replace(law.registry, anonymous_pull=True)
    assert after(OpenToAll()) == law.at(opened)
    switched = replace(law.registry, admin_enabled=True)
    assert after(EnableAdminUser()) == law.at(switched)
    mine = law.scope_maps["mine"]
    wider = replace(mine, description="", rules=(*mine.rules, rule))
    assert after(WidenScopeMap("mine", rule)) == replace(
        law, scope_maps={**law.scope_maps, "mine": wider}
    )
    pull = law.scope_maps["_repositories_pull"]
    bound = replace(token, scope_map="_repositories_pull")
    assert after(BindToken(token, pull)) == replace(law, tokens={"leaf": bound})


def test_logging_in_changes_no_law() -> None:
    """What the client does is no amendment."""
    law = _dev().build()
    assert Remedy((LogInAgain(first=True),)).applied(law, NOON) == law


def test_an_assignment_is_made_now_and_at_the_scope_that_was_asked() -> None:
    """A proposed assignment carries the moment at which it is tried."""
    law = _dev().build()
    verdict = decide(read_question("dev pull team/app"), law, NOON)
    assert isinstance(verdict, Denied)
    remedy, *_ = remedies(verdict, NOON)
    (made,) = remedy.applied(law, NOON).assignments_of(_DEV)
    assert (made.created_at, made.scope, made.condition) == (NOON, law.registry.scope, None)
    assert isinstance(decide(verdict.question, remedy.applied(law, NOON), NOON), Allowed)


def test_a_role_at_the_registry_needs_no_scope_in_the_command() -> None:
    """The registry's own scope goes without saying, however it is spelled."""
    law = _dev().build()
    role = next(r for r in law.roles.values() if r.name == "AcrPull")
    shouted = type(law.registry.scope)(law.registry.scope.upper())
    assert AssignRole(role, _DEV, shouted).command(law) == _assign("AcrPull")
    condition = Condition.parse(bound_to(_READER, "team/app"))
    bound = AssignRole(role, _DEV, law.registry.scope, condition, RepositoryName("team/app"))
    assert bound.command(law) == _assign("AcrPull", " --repository team/app")
