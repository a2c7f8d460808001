"""Two registries of one server, told apart by their hosts, as real clients meet them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.clients.commands import Missing
from tests.clients.images import build_image
from tests.clients.registry_clients import Account, Reference, RegistryClient
from tests.clients.workshop import Workshop
from tests.support.live_server import LiveServer, live_server

THIRD = ("--registry", "third")
pytestmark = [pytest.mark.live, pytest.mark.clients]


@dataclass(frozen=True)
class Quay:
    """A server with two registries.

    Attributes:
        home: the host of the home registry.
        second: that of the other one.
    """

    server: LiveServer
    home: str
    second: str

    def robot(self, name: str, role: str, registry: str) -> Account:
        """A service principal with a role at one registry."""
        made = self.server.pratique("sp", "create", name)
        scope = self.server.pratique("registry", "show", "--registry", registry)["id"]
        words = ("--to", made["object_id"], "--scope", scope)
        self.server.pratique("role", "assign", role, *words)
        return Account(name, made["client_id"], made["secret"])


@pytest.fixture(scope="module")
def quay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quay]:
    """A server that listens once; the second registry is made while it serves."""
    with live_server(tmp_path_factory.mktemp("quay") / "data", workers=2) as server:
        second = f"localhost:{server.host.partition(':')[2]}"
        server.pratique("registry", "create", "second", "--login-server", second)
        yield Quay(server, server.host, second)


@pytest.fixture(params=["podman", "docker", "skopeo"])
def client(request: pytest.FixtureRequest, workshop: Workshop) -> RegistryClient:
    """A client to which nobody has logged in."""
    try:
        return workshop.client(request.param)
    except Missing as missing:
        pytest.skip(str(missing))


def test_two_hosts_with_different_rights(
    quay: Quay, client: RegistryClient, request: pytest.FixtureRequest
) -> None:
    """Who may push to one may not even pull from the other, where the same name holds its own."""
    kind = request.node.callspec.params["client"]
    here = quay.robot(f"here-{kind}", "AcrPush", "pratique")
    there = quay.robot(f"there-{kind}", "AcrPush", "second")
    images = {}
    for host, account in ((quay.home, here), (quay.second, there)):
        client.log_in(host, account).expect_success()
        images[host] = build_image(f"{kind} at {host}")
        reference = Reference(host, f"team/{kind}", "v1")
        client.push(reference, images[host]).expect_success()
    digests = {
        host: client.pull(Reference(host, f"team/{kind}", "v1")).expect_success().digest
        for host in (quay.home, quay.second)
    }
    assert digests[quay.home] != digests[quay.second]
    # The other way round, neither is let in, and the sentence says what is missing where.
    for host, account in ((quay.home, there), (quay.second, here)):
        client.remember(host, account)
        refused = client.pull(Reference(host, f"team/{kind}", "v1"))
        assert refused.exit_code != 0
        assert account.name in refused.text


def test_a_token_of_one_registry_logs_in_there_alone(quay: Quay, client: RegistryClient) -> None:
    """The same name may be a token of both; each password opens its own."""
    name = f"robot{len(quay.server.pratique('token', 'list', '--registry', 'second')):03}"
    accounts = {}
    for registry, host in (("pratique", quay.home), ("second", quay.second)):
        words = ("--scope-map", "_repositories_admin", "--registry", registry)
        made = quay.server.pratique("token", "create", name, *words)
        accounts[host] = Account(name, name, made["password1"])
    for host, other in ((quay.home, quay.second), (quay.second, quay.home)):
        client.log_in(host, accounts[host]).expect_success()
        client.push(Reference(host, f"by/{name}", "v1"), build_image(name)).expect_success()
        client.remember(host, accounts[other])
        refused = client.pull(Reference(host, f"by/{name}", "v1"))
        assert refused.exit_code != 0


def test_verbs_of_one_registry_say_nothing_of_another(quay: Quay) -> None:
    """Each is chosen by its name, is listed with its host, and goes with nothing of the others."""
    server, host = quay.server, f"127.0.0.2:{quay.home.partition(':')[2]}"
    server.pratique("registry", "create", "third", "--login-server", host)
    listed = {r["name"]: r["login_server"] for r in server.pratique("registry", "list")}
    assert listed == {"pratique": quay.home, "second": quay.second, "third": host}
    server.pratique(
        "token", "create", "robot-of-third", "--scope-map", "_repositories_pull", *THIRD
    )
    assert server.pratique("repo", "list", *THIRD) == []
    before = server.pratique("repo", "list")
    assert "robot-of-third" not in {t["name"] for t in server.pratique("token", "list")}
    assert server.pratique("registry", "show", *THIRD)["name"] == "third"
    server.pratique("registry", "delete", "third", "--yes")
    assert {r["name"] for r in server.pratique("registry", "list")} == {"pratique", "second"}
    assert server.pratique("repo", "list") == before
