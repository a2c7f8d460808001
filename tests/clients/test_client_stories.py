"""Every client against a real registry: log in, push, pull, be refused, be granted."""

from __future__ import annotations

import re

import pytest
from tests.clients.commands import Printed
from tests.clients.images import build_image
from tests.clients.printed import PRINTED, RECORDED_WITH
from tests.clients.registry_clients import Account, Reference
from tests.clients.stage import Stage, new_service_principal
from tests.clients.words import SENTENCES, Situation, normalise
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


@pytest.mark.parametrize("situation", Situation, ids=lambda s: s.name.lower())
def test_a_refusal_prints_the_recorded_words(
    kind: str, situation: Situation, stage: Stage, workshop: Workshop, published: Reference
) -> None:
    """What a refused client prints is what the documentation shows."""
    recorded = PRINTED[kind][situation]
    if recorded is None:
        pytest.skip(f"{kind} does not ask the registry {situation.value}")
    client = workshop.client(kind)
    account = _who(situation, stage, kind)

    if situation is Situation.WRONG_PASSWORD:
        printed = client.log_in(stage.server.host, account)
    else:
        if situation is not Situation.ANONYMOUS_PULL:
            client.log_in(stage.server.host, account).expect_success()
        if situation in {Situation.ANONYMOUS_PULL, Situation.PULL_WITHOUT_ROLE}:
            printed = client.pull(published)
        else:
            published = stage.reference(f"harbour/unwritten-{kind}")
            printed = client.push(published, build_image(f"{kind} {situation.name}"))

    assert printed.exit_code != 0, printed.text
    sentence = SENTENCES[situation]
    if client.version() == RECORDED_WITH[kind] or situation is Situation.ANONYMOUS_PULL:
        complaint = normalise(_last(printed, recorded), published, account.name)
        assert complaint.replace(sentence, "W") == recorded
    elif re.search(r"\bW\b", recorded):
        # Another version may put other words around the registry's own, but must not lose them.
        assert sentence in normalise(printed.text, published, account.name)


def _who(situation: Situation, stage: Stage, kind: str) -> Account:
    match situation:
        case Situation.ANONYMOUS_PULL:
            return Account("", "", "")
        case Situation.PUSH_WITH_ACRPULL:
            return stage.reader
        case Situation.WRONG_PASSWORD:
            return Account("", f"nobody-with-{kind}", "not-a-password")
        case _:
            return stage.stranger


def _last(printed: Printed, recorded: str) -> str:
    """As many of the last printed lines as were recorded."""
    return "\n".join(printed.lines[-len(recorded.splitlines() or [""]) :])
