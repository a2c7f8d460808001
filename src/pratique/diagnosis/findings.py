"""What the doctor found: a cause, how sure it is, the words, and what to type."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pratique.diagnosis.causes import CAUSES, Cause

_LONGEST_WORDS = 4000
_LONGEST_EVIDENCE = 1000
_LONGEST_COMMAND = 4000


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause that was found.

    Attributes:
        cause: which, of the catalogue.
        certain: whether an observation proves it; otherwise it is suspected.
        words: what is wrong and with what, in one or two sentences without a final command.
        evidence: what was seen that says so, a short line each; never a secret.
        advice: what to do, in one sentence; empty where the commands say it all.
        commands: to paste into a shell, in this order; placeholders are in capitals.
    """

    cause: Cause
    certain: bool
    words: str
    evidence: tuple[str, ...] = ()
    advice: str = ""
    commands: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # Servers and files have a say in these words; a terminal must not obey them.
        object.__setattr__(self, "words", plain(self.words)[:_LONGEST_WORDS])
        object.__setattr__(
            self,
            "evidence",
            tuple(plain(line)[:_LONGEST_EVIDENCE] for line in self.evidence if line),
        )
        object.__setattr__(self, "advice", plain(self.advice))
        object.__setattr__(
            self,
            "commands",
            tuple(plain(line) for line in self.commands if len(line) <= _LONGEST_COMMAND),
        )


def plain(text: str) -> str:
    """`text` with every character that is not to be seen replaced, in one line."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else "\ufffd" for each in text)


def certain(
    cause_id: str,
    words: str,
    *commands: str,
    evidence: Iterable[str] = (),
    advice: str = "",
) -> Finding:
    """A finding that an observation proves.

    Raises:
        KeyError: the catalogue has no such cause.
    """
    return Finding(CAUSES[cause_id], True, words, tuple(evidence), advice, commands)  # noqa: FBT003


def suspected(
    cause_id: str,
    words: str,
    *commands: str,
    evidence: Iterable[str] = (),
    advice: str = "",
) -> Finding:
    """A finding that what was seen makes likely.

    Raises:
        KeyError: the catalogue has no such cause.
    """
    return Finding(CAUSES[cause_id], False, words, tuple(evidence), advice, commands)  # noqa: FBT003
