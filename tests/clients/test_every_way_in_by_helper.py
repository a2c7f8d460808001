"""The credential helper as a way in: one login, then refused, granted, pulled, refused again."""

from __future__ import annotations

import os

import pytest
from tests.clients.commands import Missing, Printed
from tests.clients.conftest import ALL_REQUIRED
from tests.clients.images import build_image
from tests.clients.registry_clients import Account, Reference
from tests.clients.signed_in import SignedIn, new_user
from tests.clients.stage import Stage, new_service_principal
from tests.clients.workshop import Workshop

pytestmark = [pytest.mark.clients, pytest.mark.live]


@pytest.fixture(params=["docker", "podman", "skopeo"])
def user(
    request: pytest.FixtureRequest,
    stage: Stage,
    workshop: Workshop,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> SignedIn:
    """A user of each of the three clients, not logged in."""
    try:
        folder = tmp_path_factory.mktemp("u")
        return new_user(request.param, stage, workshop, folder, monkeypatch)
    except Missing as missing:
        if os.environ.get(ALL_REQUIRED):
            pytest.fail(f"{missing}, and {ALL_REQUIRED} is set")
        pytest.skip(str(missing))


@pytest.fixture
def published(user: SignedIn, stage: Stage) -> Reference:
    """An image in the registry, pushed by the same client as somebody else."""
    reference = stage.reference("helped/way-in")
    user.client.log_in(reference.host, stage.publisher).expect_success()
    user.client.push(reference, build_image("a way in")).expect_success()
    return reference


@pytest.fixture
def newcomer(stage: Stage, request: pytest.FixtureRequest) -> Account:
    """A service principal without a role."""
    name = "".join(c if c.isalnum() else "-" for c in request.node.name)[-60:].strip("-")
    return new_service_principal(stage.server, name)


def test_a_role_opens_and_closes_one_login(
    user: SignedIn, stage: Stage, newcomer: Account, published: Reference
) -> None:
    """Nobody logs in again: what the helper keeps is judged anew with each request."""
    server = stage.server
    user.log_in(newcomer)
    refused = user.client.pull(published)
    server.pratique("role", "assign", "AcrPull", "--to", newcomer.user_name)
    pulled = user.client.pull(published).expect_success()
    server.pratique("role", "unassign", "AcrPull", "--from", newcomer.user_name)
    refused_again = user.client.pull(published)

    assert pulled.digest == stage.digest_of(published)
    for printed in (refused, refused_again):
        _expect_refusal(printed, f"`{newcomer.name}` does not have the permission")
        _expect_refusal(printed, "no role is assigned to it")


def test_a_kept_secret_that_was_deleted_opens_nothing(
    user: SignedIn, stage: Stage, newcomer: Account, published: Reference
) -> None:
    """The helper cannot renew with it, and says what to type."""
    server = stage.server
    server.pratique("role", "assign", "AcrPull", "--to", newcomer.user_name)
    user.log_in(newcomer, "--keep-secret")
    pulled = user.client.pull(published).expect_success()
    server.pratique("sp", "secret", "delete", newcomer.user_name, "default")
    refused = user.client.pull(published)

    assert pulled.digest == stage.digest_of(published)
    _expect_refusal(refused, f"type `pratique login {user.host}`")


def _expect_refusal(printed: Printed, words: str) -> None:
    assert printed.exit_code != 0, printed
    assert words in printed.text, printed
