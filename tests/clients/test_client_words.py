"""Every client in every situation: what it prints, and which answer of the server refused it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.clients import printed
from tests.clients.printed import Told
from tests.clients.recording import refusal
from tests.clients.scenes import Scenery
from tests.clients.situations import Situation
from tests.clients.stage import Stage
from tests.clients.workshop import Workshop
from tests.support.live_server import live_server

pytestmark = [pytest.mark.clients, pytest.mark.live]

_RECORDINGS = printed.read()


@pytest.fixture(scope="module")
def scenery(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenery]:
    """The stage, and the second server that some situations need."""
    folder = tmp_path_factory.mktemp("second")
    with live_server(folder / "data", workers=1) as second:
        yield Scenery(stage, second)


@pytest.mark.parametrize("situation", Situation, ids=lambda s: s.name.lower())
def test_a_refused_client_prints_the_recorded_words(
    kind: str, situation: Situation, scenery: Scenery, workshop: Workshop
) -> None:
    """What a refused client prints, and what refused it, is what the documentation shows."""
    recording = _RECORDINGS[kind]
    recorded = recording.refusals[situation]
    client = workshop.client(kind)

    taken = refusal(scenery.scene(situation), client)

    if client.version() == recording.version:
        assert taken == recorded
    elif recorded is not None and recorded.told is Told.REASON:
        # Another version may put other words around the registry's own, but must not lose them.
        assert taken is not None
        assert taken.told is Told.REASON
