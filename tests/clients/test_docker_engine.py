"""Docker against a real registry: the sentence of the riddle, and every kind of credential."""

from __future__ import annotations

import json

import pytest
from tests.clients.docker_engine import Docker
from tests.clients.images import build_image
from tests.clients.registry_clients import Account, Reference
from tests.clients.stage import Stage, new_service_principal
from tests.clients.workshop import Workshop
from tests.support.live_server import NULL_GUID

pytestmark = [pytest.mark.clients, pytest.mark.live]


@pytest.fixture(scope="module")
def published(stage: Stage, workshop: Workshop) -> Reference:
    """An image in the registry, pushed by a holder of AcrPush."""
    reference = stage.reference("docks/app")
    publisher = workshop.docker()
    publisher.log_in(reference.host, stage.publisher).expect_success()
    publisher.push(reference, build_image("docks")).expect_success()
    return reference


def test_an_anonymous_pull_prints_the_sentence_known_from_acr(
    docker: Docker, published: Reference
) -> None:
    """Docker prints exactly what it prints for Azure Container Registry, with our own link."""
    host, repository, tag = published.host, published.repository, published.tag

    printed = docker.pull(published)

    assert printed.exit_code == 1
    assert printed.text == (
        f'Error response from daemon: Head "http://{host}/v2/{repository}/manifests/{tag}": '
        "unauthorized: authentication required, "
        f"visit http://{host}/help/authorization for more information."
    )


def test_an_absent_repository_is_refused_in_the_same_words(
    docker: Docker, stage: Stage, published: Reference
) -> None:
    """Nobody learns from a refusal whether a repository exists."""
    absent = stage.reference("docks/abs")

    about_absent = docker.pull(absent).text
    about_present = docker.pull(published).text

    assert about_absent.replace(absent.repository, "R") == about_present.replace(
        published.repository, "R"
    )


def test_a_holder_of_acrpull_cannot_push(docker: Docker, stage: Stage) -> None:
    """The refusal names who, what, where and why, and the page."""
    docker.log_in(stage.server.host, stage.reader).expect_success()

    printed = docker.push(stage.reference("docks/app"), build_image("smuggled"))

    assert printed.exit_code == 1
    assert printed.lines[-1].startswith(
        f"unauthorized: `{stage.reader.name}` does not have the permission "
        "`Microsoft.ContainerRegistry/registries/push/write` on the repository `docks/app`: "
        "it is not carried by `AcrPull`, "
        f"visit http://{stage.server.host}/help/authorization"
    )


def test_the_admin_user_pushes_and_pulls(docker: Docker, stage: Stage) -> None:
    """Once enabled, the admin user does everything, with either password."""
    enabled = stage.server.pratique("admin-user", "enable")
    reference = stage.reference("docks/by-admin")

    for password in enabled["passwords"].values():
        admin = Account("", enabled["username"], password)
        docker.log_in(reference.host, admin).expect_success()
        docker.push(reference, build_image(password)).expect_success()
        pulled = docker.pull(reference).expect_success()
        docker.log_out(reference.host).expect_success()

        assert pulled.digest == stage.digest_of(reference)


def test_the_owner_logs_in_with_the_password_shown_once(
    docker: Docker, stage: Stage, published: Reference
) -> None:
    """The first user pulls with what `pratique init` printed."""
    docker.log_in(published.host, Account("", *stage.server.owner)).expect_success()

    pulled = docker.pull(published).expect_success()

    assert pulled.digest == stage.digest_of(published)


def test_a_token_reaches_what_its_scope_map_names_and_nothing_else(
    docker: Docker, stage: Stage, published: Reference
) -> None:
    """A scope map is a token's whole law."""
    mine = stage.reference("docks/mine")
    allowed = f"{mine.repository}:content/read,content/write"
    stage.server.pratique("scope-map", "create", "docks-map", "--allow", allowed)
    made = stage.server.pratique("token", "create", "docks-token", "--scope-map", "docks-map")
    token = Account("docks-token", made["username"], made["password1"])
    docker.log_in(mine.host, token).expect_success()

    docker.push(mine, build_image("mine")).expect_success()
    own = docker.pull(mine).expect_success()
    foreign = docker.pull(published)

    assert own.digest == stage.digest_of(mine)
    assert foreign.exit_code == 1
    assert (
        "unauthorized: the scope map of the token `docks-token` does not allow `pull` "
        f"on the repository `{published.repository}`, visit "
    ) in foreign.text


def test_docker_keeps_an_identity_token_which_dies_with_its_secret(
    docker: Docker, stage: Stage, published: Reference
) -> None:
    """A refresh token logs in and pulls; disabling its principal ends it with the next request."""
    principal = new_service_principal(stage.server, "docks-fleet")
    stage.server.pratique("role", "assign", "AcrPull", "--to", principal.user_name)
    token = stage.refresh_token(principal)

    docker.log_in(published.host, Account("", NULL_GUID, token)).expect_success()
    pulled = docker.pull(published).expect_success()
    stage.server.pratique("sp", "disable", principal.user_name)
    refused = docker.pull(published)

    assert pulled.digest == stage.digest_of(published)
    kept = json.loads(docker.configuration.read_text())["auths"][published.host]
    assert kept["identitytoken"]
    assert refused.exit_code == 1
    assert "unauthorized: " in refused.text
    assert f"visit http://{published.host}/help/authorization" in refused.text


def test_anonymous_pull_opens_pulling_to_everybody_and_pushing_to_nobody(
    docker: Docker, stage: Stage, published: Reference
) -> None:
    """The setting opens and closes with the next request."""
    stage.server.pratique("anonymous-pull", "on")
    try:
        pulled = docker.pull(published)
        pushed = docker.push(published, build_image("stowaway"))
    finally:
        stage.server.pratique("anonymous-pull", "off")
    refused = docker.pull(published)

    assert pulled.expect_success().digest == stage.digest_of(published)
    assert pushed.exit_code == 1
    assert "authentication required, visit" in pushed.text
    assert refused.exit_code == 1
