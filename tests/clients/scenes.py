"""Makes each situation real: who asks, what for, and what the server has to know for that.

Two servers play: the stage that all client tests share, and a second one, where the registry is in
mode abac, its admin user is off and wrong passwords are counted without disturbing anybody.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

import httpx
from tests.clients.commands import Printed
from tests.clients.images import build_image
from tests.clients.past import expired_refresh_token, expired_service_principal, guess_often
from tests.clients.registry_clients import Account, Reference, RegistryClient, basic
from tests.clients.situations import Attempt, Situation
from tests.clients.stage import TAG, Stage, new_service_principal, put_image
from tests.support.live_server import NULL_GUID, LiveServer

_PRESENT, _ABSENT = "harbour/app", "harbour/absent"
_READER, _WRITER = "Container Registry Repository Reader", "Container Registry Repository Writer"


@dataclass(frozen=True)
class Scene:
    """One situation, ready to be played.

    Attributes:
        situation: which.
        server: that refuses.
        account: who asks; with empty names for nobody.
        reference: what is asked for.
    """

    situation: Situation
    server: LiveServer
    account: Account
    reference: Reference

    def play(self, client: RegistryClient) -> Printed:
        """What a client leaves that nobody has logged in with yet."""
        host = self.server.host
        if self.situation.attempt is Attempt.LOGIN:
            return client.log_in(host, self.account)
        if self.account.user_name:
            client.remember(host, self.account)
        if self.situation.attempt is Attempt.PULL:
            return client.pull(self.reference)
        return client.push(self.reference, build_image(self.situation.name))


class Scenery:
    """Sets scenes.

    Args:
        stage: a registry in mode rbac.
        second: another one, just made.
    """

    def __init__(self, stage: Stage, second: LiveServer) -> None:
        self._stage = stage
        self._second = second
        self._accounts: dict[Situation, Account] = {}
        self._cast: dict[Situation, Callable[[], Account]] = {
            Situation.NO_CREDENTIAL: lambda: Account("", "", ""),
            Situation.WRONG_PASSWORD_AT_LOGIN: self._forgetful,
            Situation.WRONG_PASSWORD: self._forgetful,
            Situation.EXPIRED_SECRET: self._with_expired_secret,
            Situation.EXPIRED_TOKEN: self._with_expired_token,
            Situation.REVOKED_TOKEN: self._with_revoked_token,
            Situation.DISABLED_PRINCIPAL: self._disabled,
            Situation.ADMIN_USER_OFF: self._admin,
            Situation.NO_ROLE: lambda: stage.stranger,
            Situation.NO_ROLE_PUSHING: lambda: stage.stranger,
            Situation.ROLE_ELSEWHERE: self._with_role_elsewhere,
            Situation.CONDITION_FALSE: self._under_a_condition,
            Situation.MODE_MISMATCH: self._with_role_of_the_other_mode,
            Situation.SCOPE_MAP_WITHOUT_REPOSITORY: self._token,
            Situation.ABSENT_FOR_READER: lambda: stage.reader,
            Situation.ABSENT_FOR_STRANGER: lambda: stage.stranger,
            Situation.PUSH_WITH_PULL_ONLY: lambda: stage.reader,
            Situation.LOCKED_TAG: lambda: self._locked(f":{TAG}", "writing"),
            Situation.LOCKED_REPOSITORY: lambda: self._locked("", "writing"),
            Situation.LOCKED_AGAINST_PULLING: lambda: self._locked(f":{TAG}", "pulling"),
            Situation.THROTTLED: self._guessed_at,
        }
        self._put_image(stage.server, stage.publisher)
        second.pratique("registry", "update", "--role-mode", "abac", "--yes")
        self._put_image(second, self._new(second, "writer", _WRITER))

    def scene(self, situation: Situation) -> Scene:
        """One situation, made real on its server."""
        if situation not in self._accounts:
            self._accounts[situation] = self._cast[situation]()
        account = self._accounts[situation]
        server = self._second if situation in _ON_THE_SECOND else self._stage.server
        if situation in {Situation.WRONG_PASSWORD, Situation.WRONG_PASSWORD_AT_LOGIN}:
            account = self._right_before(account)
        if situation is Situation.THROTTLED:
            guess_often(self._second.data, account)
        repository = _REPOSITORIES.get(situation, _PRESENT)
        return Scene(situation, server, account, Reference(server.host, repository, TAG))

    def _new(self, server: LiveServer, name: str, role: str = "", *options: str) -> Account:
        account = new_service_principal(server, f"scene-{name}")
        if role:
            server.pratique("role", "assign", role, "--to", account.user_name, *options)
        return account

    def _locked(self, item: str, against: str) -> Account:
        repository = f"harbour/locked-{'tag' if item else 'repository'}-{against}"
        server, publisher = self._stage.server, self._stage.publisher
        # Another scene of the same server may have locked it already.
        if repository not in server.pratique("repo", "list"):
            self._put_image(server, publisher, repository)
            server.pratique("repo", "lock", repository + item, "--against", against)
        return publisher

    def _put_image(self, server: LiveServer, who: Account, repository: str = _PRESENT) -> None:
        with httpx.Client(base_url=server.url, timeout=60) as http:
            reference = Reference(server.host, repository, TAG)
            put_image(http, reference, build_image("scenes"), (who.user_name, who.password))

    def _forgetful(self) -> Account:
        return self._new(self._second, "forgetful", _READER)

    def _with_expired_secret(self) -> Account:
        return expired_service_principal(self._stage.server.data, "scene-sleeper")

    def _with_expired_token(self) -> Account:
        server, reader = self._stage.server, self._stage.reader
        token = expired_refresh_token(server.data, server.host, reader)
        return Account("", NULL_GUID, token)

    def _with_revoked_token(self) -> Account:
        server, reader = self._stage.server, self._stage.reader
        made = server.pratique("sp", "secret", "add", reader.user_name, "--name", "scene-fleeting")
        token = self._stage.refresh_token(Account("", reader.user_name, made["secret"]))
        server.pratique("sp", "secret", "delete", reader.user_name, "scene-fleeting")
        return Account("", NULL_GUID, token)

    def _disabled(self) -> Account:
        account = self._new(self._stage.server, "suspended", "AcrPull")
        self._stage.server.pratique("sp", "disable", account.user_name)
        return account

    def _admin(self) -> Account:
        enabled = self._second.pratique("admin-user", "enable")
        self._second.pratique("admin-user", "disable")
        name: str = enabled["username"]
        return Account(name, name, enabled["passwords"]["password"])

    def _with_role_elsewhere(self) -> Account:
        registry: str = self._stage.server.pratique("registry", "show")["id"]
        sister = f"{registry.rpartition('/')[0]}/sister"
        return self._new(self._stage.server, "neighbour", "AcrPull", "--scope", sister)

    def _under_a_condition(self) -> Account:
        return self._new(self._second, "conditional", _READER, "--repository", "elsewhere/*")

    def _with_role_of_the_other_mode(self) -> Account:
        return self._new(self._second, "old-school", "AcrPull")

    def _token(self) -> Account:
        server = self._stage.server
        allowed = "elsewhere/*:content/read,metadata/read"
        # The stage outlives a scenery, and its names are taken once.
        name = f"scene-{secrets.token_hex(4)}"
        server.pratique("scope-map", "create", name, "--allow", allowed)
        made = server.pratique("token", "create", name, "--scope-map", name)
        return Account(name, made["username"], made["password1"])

    def _guessed_at(self) -> Account:
        account = self._new(self._second, "guessed-at", _READER)
        return Account(account.name, account.user_name, "not-its-secret")

    def _right_before(self, account: Account) -> Account:
        """The account with a wrong password, after a right one has made its guesses forgotten."""
        with httpx.Client(base_url=self._second.url) as http:
            right = http.get("/v2/", headers={"authorization": basic(account)})
        assert right.status_code == 200, right.text
        return Account("", account.user_name, "not-its-secret")


_REPOSITORIES = {
    Situation.ABSENT_FOR_READER: _ABSENT,
    Situation.ABSENT_FOR_STRANGER: _ABSENT,
    Situation.LOCKED_TAG: "harbour/locked-tag-writing",
    Situation.LOCKED_REPOSITORY: "harbour/locked-repository-writing",
    Situation.LOCKED_AGAINST_PULLING: "harbour/locked-tag-pulling",
}
_ON_THE_SECOND = frozenset(
    {
        Situation.WRONG_PASSWORD_AT_LOGIN,
        Situation.WRONG_PASSWORD,
        Situation.ADMIN_USER_OFF,
        Situation.CONDITION_FALSE,
        Situation.MODE_MISMATCH,
        Situation.THROTTLED,
    }
)
