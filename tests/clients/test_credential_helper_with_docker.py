"""Logged in once, and pulling from then on: real clients with the credential helper."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.clients.commands import Missing, find, run
from tests.clients.conftest import ALL_REQUIRED
from tests.clients.images import build_image
from tests.clients.registry_clients import Account, Reference
from tests.clients.signed_in import (
    KINDS,
    SignedIn,
    dead_token,
    new_user,
    of_kubelet,
    put_programmes_on_the_path,
)
from tests.clients.stage import Stage, new_service_principal
from tests.clients.workshop import Workshop

pytestmark = [pytest.mark.clients, pytest.mark.live]


@pytest.fixture(scope="module")
def published(stage: Stage, workshop: Workshop) -> Reference:
    """An image in the registry, pushed by a holder of AcrPush."""
    reference = stage.reference("helped/app")
    try:
        publisher = workshop.client("skopeo")
    except Missing as missing:
        pytest.skip(str(missing))
    publisher.log_in(reference.host, stage.publisher).expect_success()
    publisher.push(reference, build_image("helped")).expect_success()
    return reference


@pytest.fixture(params=KINDS)
def user(
    request: pytest.FixtureRequest,
    stage: Stage,
    workshop: Workshop,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> SignedIn:
    """A user of each kind of client, not logged in."""
    # Podman takes no folder whose path is long.
    folder = tmp_path_factory.mktemp("u")
    try:
        return new_user(request.param, stage, workshop, folder, monkeypatch)
    except Missing as missing:
        if os.environ.get(ALL_REQUIRED):
            pytest.fail(f"{missing}, and {ALL_REQUIRED} is set")
        pytest.skip(str(missing))


@pytest.fixture
def reader(stage: Stage, request: pytest.FixtureRequest) -> Account:
    """A service principal that may pull, of its own for each test."""
    name = "".join(c if c.isalnum() else "-" for c in request.node.name)[-60:].strip("-")
    account = new_service_principal(stage.server, name)
    stage.server.pratique("role", "assign", "AcrPull", "--to", account.user_name)
    return account


def test_one_login_is_enough_to_pull(
    user: SignedIn, stage: Stage, reader: Account, published: Reference
) -> None:
    """`pratique login` alone opens the pull; neither file holds the secret."""
    refused = user.client.pull(published)
    user.log_in(reader)
    pulled = user.client.pull(published).expect_success()

    assert refused.exit_code != 0
    assert pulled.digest == stage.digest_of(published)
    assert reader.password not in user.written()
    assert user.kept().refresh_token not in user.configuration.read_text()


def test_token_that_died_between_two_pulls_is_renewed(
    user: SignedIn, stage: Stage, reader: Account, published: Reference
) -> None:
    """With the secret kept, the second pull works without the user doing anything."""
    user.log_in(reader, "--keep-secret")
    user.client.pull(published).expect_success()
    dead = dead_token(stage, reader)
    user.keeps(dead)

    pulled = user.client.pull(published).expect_success()

    assert pulled.digest == stage.digest_of(published)
    assert user.kept().refresh_token != dead


def test_login_that_ended_is_refused_and_says_what_to_type(
    user: SignedIn, stage: Stage, reader: Account, published: Reference
) -> None:
    """Without the secret, the client is refused, and prints what helps."""
    user.log_in(reader)
    user.keeps(dead_token(stage, reader))

    refused = user.client.pull(published)

    assert refused.exit_code != 0
    assert "authentication required" in refused.text
    assert f"type `pratique login {user.host}`" in refused.text


def test_erased_login_is_refused(user: SignedIn, reader: Account, published: Reference) -> None:
    """After `logout`, of the client's kind or of Pratique, nobody pulls."""
    helper = [find("sh"), "-c", "docker-credential-pratique erase"]
    for forget in (user.log_out, lambda: run(helper, typed=user.host).expect_success()):
        user.log_in(reader)
        user.client.pull(published).expect_success()
        forget()

        refused = user.client.pull(published)

        assert refused.exit_code != 0
        assert "authentication required" in refused.text


def test_login_of_the_client_leaves_no_password(
    user: SignedIn, stage: Stage, reader: Account, published: Reference
) -> None:
    """`docker login` and its like store through the helper, which keeps a token instead."""
    user.log_in(stage.stranger)
    user.client.log_in(user.host, reader).expect_success()

    pulled = user.client.pull(published).expect_success()

    assert pulled.digest == stage.digest_of(published)
    assert reader.password not in user.written()
    assert user.kept().user == reader.user_name


def test_pulls_at_the_same_time_renew_one_login(
    user: SignedIn, stage: Stage, reader: Account, published: Reference
) -> None:
    """Several clients that find a dead token at once all pull."""
    user.log_in(reader, "--keep-secret")
    user.keeps(dead_token(stage, reader))
    helper = [find("sh"), "-c", "docker-credential-pratique get"]

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(run, helper, typed=user.host) for _ in range(3)]
        pulled = pool.submit(user.client.pull, published).result().expect_success()
        given = {json.loads(one.result().expect_success().text)["Secret"] for one in asked}

    assert pulled.digest == stage.digest_of(published)
    assert given == {user.kept().refresh_token}


def test_containerd_pulls_with_what_the_kubelet_is_given(
    stage: Stage,
    workshop: Workshop,
    reader: Account,
    published: Reference,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The plugin's answer opens containerd, as the kubelet hands it over."""
    try:
        containerd = workshop.client("ctr")
    except Missing as missing:
        pytest.skip(str(missing))
    put_programmes_on_the_path(tmp_path, monkeypatch)
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    secret.write_text(reader.password)
    request = {
        "kind": "CredentialProviderRequest",
        "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
        "image": str(published),
    }
    words = f"--server {published.host} --client-id {reader.user_name} --client-secret-file"
    plugin = [find("sh"), "-c", f"pratique-kubelet-credentials {words} {secret}"]

    answered = run(plugin, typed=json.dumps(request)).expect_success()
    containerd.log_in(published.host, of_kubelet(answered.text, published.host))
    pulled = containerd.pull(published).expect_success()

    assert pulled.digest == stage.digest_of(published)
