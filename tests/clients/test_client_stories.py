"""Every client against a real registry: log in, push, pull, be granted."""

from __future__ import annotations

import pytest
from tests.clients.images import build_image
from tests.clients.registry_clients import Reference
from tests.clients.stage import Stage, new_service_principal
from tests.clients.workshop import Workshop

pytestmark = [pytest.mark.clients, pytest.mark.live]


@pytest.fixture(scope="session")
def published(kind: str, stage: Stage, workshop: Workshop) -> Reference:
    """An image in the registry, pushed by this kind of client."""
    reference = stage.reference(f"harbour/{kind}")
    client = workshop.client(kind)
    client.log_in(stage.server.host, stage.publisher).expect_success()
    client.push(reference, build_image(kind)).expect_success()
    return reference


def test_what_was_pushed_is_pulled_by_digest(
    kind: str, stage: Stage, workshop: Workshop, published: Reference
) -> None:
    """A holder of AcrPull receives the manifest that a holder of AcrPush sent."""
    client = workshop.client(kind)
    client.log_in(stage.server.host, stage.reader).expect_success()

    pulled = client.pull(published).expect_success()

    assert pulled.digest == stage.digest_of(published)


def test_a_grant_opens_the_pull_at_once(
    kind: str, stage: Stage, workshop: Workshop, published: Reference
) -> None:
    """A service principal without a role is refused, and pulls as soon as it holds AcrPull."""
    newcomer = new_service_principal(stage.server, f"newcomer-{kind}")
    client = workshop.client(kind)
    client.log_in(stage.server.host, newcomer).expect_success()

    refused = client.pull(published)
    stage.server.pratique("role", "assign", "AcrPull", "--to", newcomer.user_name)
    pulled = client.pull(published).expect_success()

    assert refused.exit_code != 0
    assert pulled.digest == stage.digest_of(published)
