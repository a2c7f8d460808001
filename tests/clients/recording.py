"""Plays every scene with every client and writes down what was printed.

Run `python -m tests.clients.recording` in the project's folder after the registry's words or
statuses changed, or a client did; with names of situations and kinds of clients as words, only
those. Then make the page anew with `python -m tests.clients.words_page`.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from tests.clients import printed
from tests.clients.answers import Listener
from tests.clients.printed import Recording, Refusal
from tests.clients.registry_clients import RegistryClient
from tests.clients.scenes import Scene, Scenery
from tests.clients.situations import Attempt, Situation
from tests.clients.stage import set_stage
from tests.clients.workshop import KINDS, Workshop
from tests.support.live_server import live_server


def refusal(scene: Scene, client: RegistryClient) -> Refusal | None:
    """How `client` takes being refused; None when its login asks nobody.

    Raises:
        AssertionError: it was not refused.
    """
    listener = Listener(scene.server)
    left = scene.play(client)
    refused_by = listener.refused_by(scene.reference.repository)
    if scene.situation.attempt is Attempt.LOGIN and left.exit_code == 0 and not refused_by:
        return None
    assert left.exit_code != 0, left.text
    return Refusal(refused_by, printed.complaint(left, scene))


def main(words: Iterable[str]) -> None:
    """Record what `words` name, or everything.

    Args:
        words: names of situations, and kinds of clients.
    """
    wanted = set(words)
    situations = [s for s in Situation if s.name in wanted] or list(Situation)
    kinds = [kind for kind in KINDS if kind in wanted] or list(KINDS)
    recordings = printed.read()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="w")))
        first = stack.enter_context(live_server(folder / "first", workers=1))
        second = stack.enter_context(live_server(folder / "second", workers=1))
        scenery = Scenery(set_stage(first), second)
        workshop = Workshop(folder, stack)
        for situation in situations:
            for kind in kinds:
                client = workshop.client(kind)
                taken = refusal(scenery.scene(situation), client)
                print(f"{situation.name} {kind}: {taken}", flush=True)  # noqa: T201
                known = recordings.get(kind, Recording("", {})).refusals
                all_known = {**known, situation: taken}
                ordered = {s: all_known[s] for s in Situation if s in all_known}
                recordings[kind] = Recording(client.version(), ordered)
    printed.write({kind: recordings[kind] for kind in KINDS if kind in recordings})


if __name__ == "__main__":
    main(sys.argv[1:])
