"""What each client printed when it was refused, and the version that printed it.

The recording lies beside this module and is made by `python -m tests.clients.recording`; the tests
play every scene anew and compare. The placeholders are those of `situations`.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from tests.clients.commands import Printed
from tests.clients.scenes import Scene
from tests.clients.situations import Situation
from tests.clients.words import normalise

FILE = Path(__file__).with_name("printed.json")
_SENTENCE = re.compile(r"\bW\b")
_STATUS = re.compile(
    r"\b(?:4\d\d|unauthorized|forbidden|denied|not found|too ?many ?requests)\b", re.IGNORECASE
)


class Told(StrEnum):
    """What a person learns from a client's words."""

    REASON = "reason"
    STATUS = "status only"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Refusal:
    """How one client took one refusal.

    Attributes:
        refused_by: status, method and place of the answer that refused.
        words: what the client printed, where `W` is the registry's sentence.
    """

    refused_by: str
    words: str

    @property
    def told(self) -> Told:
        """What these words tell a person."""
        if _SENTENCE.search(self.words):
            return Told.REASON
        return Told.STATUS if _STATUS.search(self.words) else Told.NOTHING


@dataclass(frozen=True)
class Recording:
    """Everything about one client.

    Attributes:
        version: that printed it.
        refusals: by situation; None where the client does not ask the registry.
    """

    version: str
    refusals: dict[Situation, Refusal | None]


def complaint(printed: Printed, scene: Scene) -> str:
    """The lines that complain, comparable: from the last one with the sentence on, or the last."""
    sentence = scene.situation.sentence
    lines = [
        normalise(line, scene.reference, scene.account.name).replace(sentence, "W")
        for line in printed.lines
    ]
    with_sentence = [number for number, line in enumerate(lines) if _SENTENCE.search(line)]
    return "\n".join(lines[(with_sentence or [-1])[-1] :])


def read() -> dict[str, Recording]:
    """The recording, by kind of client."""
    return {
        kind: Recording(
            found["version"],
            {
                Situation[name]: None if refusal is None else Refusal(**refusal)
                for name, refusal in found["refusals"].items()
            },
        )
        for kind, found in json.loads(FILE.read_text()).items()
    }


def write(recordings: dict[str, Recording]) -> None:
    """Replace the recording."""
    content = {
        kind: {
            "version": recording.version,
            "refusals": {
                situation.name: None if refusal is None else asdict(refusal)
                for situation, refusal in recording.refusals.items()
            },
        }
        for kind, recording in recordings.items()
    }
    FILE.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
