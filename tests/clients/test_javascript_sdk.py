"""`@azure/container-registry` and `@azure/identity`, as they come from npm."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.clients.commands import Missing
from tests.clients.conftest import ALL_REQUIRED
from tests.clients.container_tools import Skopeo
from tests.clients.images import Image, build_image
from tests.clients.javascript_sdk import installed_sdk, run_steps
from tests.clients.registry_clients import Account, Reference
from tests.support.live_server import LiveServer, live_server

pytestmark = [pytest.mark.live, pytest.mark.clients]

Steps = Callable[..., Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A registry with TLS; where the packages cannot be had, skipped or failed."""
    try:
        installed_sdk()
    except Missing as missing:
        if os.environ.get(ALL_REQUIRED):
            pytest.fail(f"the SDKs for JavaScript: {missing}, and {ALL_REQUIRED} is set")
        pytest.skip(f"the SDKs for JavaScript: {missing}")
    with live_server(tmp_path_factory.mktemp("registry") / "data", tls=True) as started:
        yield started


@pytest.fixture(scope="module")
def image(server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Image:
    """One image as `js/app`, under two tags, and another repository beside it."""
    made = build_image("js/app")
    skopeo = Skopeo(tmp_path_factory.mktemp("skopeo"))
    owner = Account("owner", *server.owner)
    for repository, tag in (("js/app", "v1"), ("js/app", "v2"), ("js/other", "v1")):
        skopeo.remember(server.host, owner)
        skopeo.push(Reference(server.host, repository, tag), made).expect_success()
    return made


@pytest.fixture
def steps(server: LiveServer, tmp_path: Path) -> Steps:
    """Runs a scenario as a new service principal with these roles."""

    def run(scenario: str, repository: str, *roles: str, **more: object) -> Any:
        made = server.pratique("sp", "create", f"{scenario}-{tmp_path.name}")
        for role in roles:
            server.pratique("role", "assign", role, "--to", made["object_id"])
        given = {
            "server": server.url,
            "tenant": server.pratique("registry", "show")["tenant_id"],
            "client_id": made["client_id"],
            "secret": made["secret"],
            "repository": repository,
            **more,
        }
        return run_steps(scenario, given, server.certificate, tmp_path)

    return run


def test_what_a_reader_sees(steps: Steps, image: Image) -> None:
    """Lists in pages, tags in both orders, properties; 404 for what is not there."""
    found = steps("read", "js/app", "AcrPull")
    assert {"js/app", "js/other"} <= set(found["names"])
    assert found["pages"] == [1] * len(found["names"])
    assert found["properties"] == {"tags": 2, "manifests": 1}
    assert found["manifest"] == {"digest": image.digest, "tags": ["v1", "v2"], "size": True}
    assert found["tags"] == [["v1", image.digest], ["v2", image.digest]]
    assert sorted(found["newest"]) == ["v1", "v2"]
    assert found["tag"] == image.digest
    assert found["manifests"] == [image.digest]
    assert found["missing"]["status"] == 404
    assert found["deletion"]["status"] == 403


def test_what_a_writer_does(steps: Steps) -> None:
    """Blobs go up in pieces and come back the same; manifests, tags and repositories go."""
    found = steps("write", "js/written", "AcrPush", "AcrDelete")
    assert found["digests"][0] == found["digests"][1]
    assert found["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    assert found["layers"] == 1
    assert found["same"] is True
    assert (found["before"], found["after"]) == (["js"], [])
    assert found["gone"] == 404
    assert found["left"] is False


def test_nobody_may_pull_what_is_open(steps: Steps, image: Image, server: LiveServer) -> None:
    """Without a credential, where anonymous pull is on; to change something is refused."""
    server.pratique("anonymous-pull", "on")
    try:
        found = steps("anonymous", "js/app")
    finally:
        server.pratique("anonymous-pull", "off")
    assert found["digest"] == image.digest
    assert "js/app" in found["names"]
    assert found["deletion"]["status"] in {401, 403}


def test_without_a_role(steps: Steps) -> None:
    """Signed in and without a role: refused, not an error of the client's own."""
    assert steps("refused", "js/app")["status"] == 401


def test_a_wrong_secret(steps: Steps) -> None:
    """The directory's own words reach the programme."""
    assert "AADSTS7000215" in steps("wrong", "js/app", secret="wrong")


def test_a_certificate(
    steps: Steps, server: LiveServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With the file that `pratique sp create --create-certificate` wrote."""
    file = tmp_path_factory.mktemp("certified") / "key.pem"
    made = server.pratique("sp", "create", "js-certified", "--create-certificate", str(file))
    more = {"client_id": made["client_id"], "certificate": {"certificate": file.read_text()}}
    assert steps("wrong", "js/app", **more) is None
