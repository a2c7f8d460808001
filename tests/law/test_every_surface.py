"""Every access case once more, asked of the token endpoint and of the data plane of a registry."""

from __future__ import annotations

import base64
import json
from collections import Counter
from typing import NamedTuple

import pytest
from tests.law.ledger_of import rows_of, secret_of
from tests.law.reading import LawCase, read_cases

from pratique.access import (
    EVERY_REPOSITORY,
    AdminUser,
    Allowed,
    Amendment,
    Anonymous,
    Attenuation,
    ControlAction,
    DirectoryPrincipal,
    FolderOwner,
    Law,
    PrincipalKind,
    Question,
    RegistryAction,
    RepositoryToken,
    Subject,
    amended,
    decide,
)
from pratique.http.dataplane import ROUTES
from pratique.identity import NULL_GUID
from pratique.naming import TokenScope
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import RegistryInMemory, basic, bearer

Credentials = tuple[str, str] | None

# What the data plane is asked for each action.
_VISITS = {
    RegistryAction.PULL: ("GET", "/v2/{}/manifests/absent"),
    RegistryAction.PUSH: ("POST", "/v2/{}/blobs/uploads/"),
    RegistryAction.DELETE: ("DELETE", "/v2/{}/manifests/absent"),
    RegistryAction.METADATA_READ: ("GET", "/v2/{}/tags/list"),
    RegistryAction.METADATA_WRITE: ("PATCH", "/acr/v1/{}"),
    RegistryAction.CATALOG: ("GET", "/v2/_catalog"),
}
_REFUSED = {401, 403}


class _Answers(NamedTuple):
    """What the surfaces said.

    Attributes:
        granted: whether the token that was asked for carries the action.
        admitted: whether the data plane let the request through; None where one visit cannot tell.
    """

    granted: bool
    admitted: bool | None


def _exempt(case: LawCase) -> str:
    """Why a case cannot come over the wire; empty when it can."""
    subject = case.question.subject
    groups = [p for p in case.law.principals.values() if p.kind is PrincipalKind.GROUP]
    if isinstance(case.question.action, ControlAction):
        return "control actions have no token and no route of the data plane"
    if isinstance(subject, FolderOwner):
        return "the folder's owner comes by no wire"
    if not all(group.enabled for group in groups):
        return "groups of a registry cannot be disabled"
    if isinstance(subject, RepositoryToken) and subject.name != subject.name.lower():
        return "names of tokens are found in any case before the law is asked"
    return ""


_CASES = [case for case in read_cases() if not _exempt(case)]
_BY_LAW: dict[int, list[LawCase]] = {}
for _case in _CASES:
    _BY_LAW.setdefault(id(_case.law), []).append(_case)


def _title(cases: list[LawCase]) -> str:
    return cases[0].title.rsplit(": ", 1)[0]


def _credentials(subject: Subject, law: Law) -> Credentials:
    match subject:
        case DirectoryPrincipal(name) | RepositoryToken(name):
            return name, secret_of(name)
        case AdminUser():
            return law.registry.name, secret_of(law.registry.name)
        case _:
            return None


def _scope(question: Question) -> str:
    if question.action is RegistryAction.CATALOG:
        return "registry:catalog:*"
    assert isinstance(question.action, RegistryAction)
    where = "*" if question.resource is EVERY_REPOSITORY else question.resource
    return f"repository:{where}:{question.action.word}"


def _attenuation(token: str) -> Attenuation:
    claims = token.split(".")[1]
    told = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    entries = told.get("access") or ()
    return Attenuation.of(TokenScope(e["type"], e["name"], tuple(e["actions"])) for e in entries)


class _Surfaces:
    """A registry whose law is that of a case, and how it is asked."""

    def __init__(self, registry: RegistryInMemory, law: Law) -> None:
        self._registry = registry
        self._law = law

    @classmethod
    async def of(cls, law: Law) -> _Surfaces:
        registry = await RegistryInMemory.start()
        await registry.ledger.append(registry.ledger.version(), rows_of(law))
        return cls(registry, law)

    def close(self) -> None:
        self._registry.stop()

    async def answers(self, case: LawCase, number: int) -> _Answers:
        """What both surfaces say to one question."""
        registry, question = self._registry, case.question
        # Wrong sign-ins from one address would soon be answered with 429.
        registry.client = f"192.0.2.{number}"
        registry.clock.advance(case.at - registry.clock())
        credentials = _credentials(question.subject, self._law)
        held = case.held_scopes
        if held:
            shown = await self._token(credentials, held)
            asked_by = (NULL_GUID, shown) if shown else credentials
            token = await self._token(asked_by, _scope(question))
        else:
            shown = token = await self._token(credentials, _scope(question))
        granted = token is not None and _attenuation(token).covers(
            question.action, question.resource
        )
        return _Answers(granted, await self._admitted(question, shown, credentials))

    async def _token(self, credentials: Credentials, scopes: str) -> str | None:
        query = "".join(f"&scope={scope}" for scope in scopes.split())
        headers = {"authorization": basic(*credentials)} if credentials else {}
        address = f"/oauth2/token?service={self._registry.host}{query}"
        response = await self._registry.ask("GET", address, headers=headers)
        if response.status == 401:
            return None
        assert response.status == 200
        token: str = json.loads(response.body)["access_token"]
        return token

    async def _admitted(
        self, question: Question, token: str | None, credentials: Credentials
    ) -> bool | None:
        assert isinstance(question.action, RegistryAction)
        if question.resource is EVERY_REPOSITORY:
            return None
        headers = {}
        if token is not None:
            headers = {"authorization": bearer(token)}
        elif credentials is not None:
            headers = {"authorization": basic(*credentials)}
        method, template = _VISITS[question.action]
        address = template.format(question.resource)
        response = await self._registry.ask(method, address, headers=headers)
        assert response.status < 500
        assert response.status != 429
        return response.status not in _REFUSED


@pytest.mark.parametrize("cases", _BY_LAW.values(), ids=_title)
@in_loop
async def test_every_surface_answers_as_the_law(cases: list[LawCase]) -> None:
    """Granted in a token and admitted to the data plane is who the case says may, nobody else."""
    surfaces = await _Surfaces.of(cases[0].law)
    found, expected = {}, {}
    try:
        for number, case in enumerate(cases):
            may = isinstance(decide(case.question, case.law, case.at), Allowed)
            answers = await surfaces.answers(case, number)
            found[case.asked] = answers
            expected[case.asked] = _Answers(may, None if answers.admitted is None else may)
    finally:
        surfaces.close()
    assert found == expected


@in_loop
async def test_a_registry_that_was_asked_under_another_law_disagrees() -> None:
    """The comparison can fail: with the assignments gone, nobody is granted anything."""
    case = next(c for c in _CASES if c.expected == "allowed: role-assignment (matched)")
    nothing = Amendment(gone_assignments=tuple(case.law.every_assignment()))
    surfaces = await _Surfaces.of(amended(case.law, nothing))
    try:
        assert await surfaces.answers(case, 1) == _Answers(granted=False, admitted=False)
    finally:
        surfaces.close()


def test_every_exemption_is_accounted_for() -> None:
    """What cannot come over the wire is little, and counted here; all else was asked above."""
    exempt = Counter(reason for case in read_cases() if (reason := _exempt(case)))
    asked = Counter(type(case.question.subject).__name__ for case in _CASES)
    assert set(exempt) == {
        "control actions have no token and no route of the data plane",
        "the folder's owner comes by no wire",
        "groups of a registry cannot be disabled",
        "names of tokens are found in any case before the law is asked",
    }
    assert len(_CASES) >= 250
    assert set(asked) == {
        subject.__name__ for subject in (DirectoryPrincipal, RepositoryToken, AdminUser, Anonymous)
    }


def test_every_action_of_the_data_plane_is_visited() -> None:
    """A route that needs an action which is not visited here fails this test."""
    assert {route.action for route in ROUTES} == set(_VISITS)
