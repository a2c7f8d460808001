"""What is told about a cause: words, commands, advice."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pratique.diagnosis.causes import CAUSES
from pratique.diagnosis.findings import Finding
from pratique.diagnosis.printed.phrases import Hit
from pratique.diagnosis.printed.setting import Setting
from pratique.diagnosis.printed.signs import Sign

_SLOT = re.compile(r"\{([a-z]+)\}")
_LOGIN: Final = "{login}"
_UNKNOWN: Final = {
    "action": "that was asked for",
    "helper": "",
    "host": "the registry",
    "ip": "of this machine",
    "repository": "the repository",
    "resource": "",
    "secret": "",
    "upstream": "the registry of the image",
}
_CAPITALS: Final = {"ip": "ADDRESS", "decision": "DECISION-ID", "helper": "NAME"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What is told about one cause.

    Attributes:
        words: with `{kind}` where a value of the text belongs.
        commands: likewise; `{login}` alone is the command that logs in to the registry.
        advice: one sentence for what no command can do.
    """

    words: str
    commands: tuple[str, ...] = ()
    advice: str = ""


def finding_of(sign: Sign, hit: Hit, setting: Setting, answer: Answer) -> Finding:
    """The finding that a sign in a text gives."""
    values = {**setting.values, **hit.values}
    return Finding(
        cause=CAUSES[sign.cause],
        certain=sign.certain,
        words=_sentence(_filled(sign.words or answer.words, values)),
        evidence=(f"the text says `{hit.shown}`",),
        advice=_filled(answer.advice, values),
        commands=tuple(_command(c, values, setting) for c in answer.commands),
    )


def _filled(template: str, values: Mapping[str, str]) -> str:
    return _SLOT.sub(lambda m: f"`{values[m[1]]}`" if m[1] in values else _UNKNOWN[m[1]], template)


def _sentence(words: str) -> str:
    # A value that is not known may have left blanks where none belong.
    whole = words.replace("  ", " ").replace(" ,", ",").strip()
    return f"{whole[0].upper()}{whole[1:]}."


def _command(template: str, values: Mapping[str, str], setting: Setting) -> str:
    if template == _LOGIN:
        host = setting.values.get("host") or values.get("host") or _placeholder("host")
        return setting.login(host)
    return _SLOT.sub(
        lambda m: shlex.quote(values[m[1]]) if m[1] in values else _placeholder(m[1]), template
    )


def _placeholder(kind: str) -> str:
    return _CAPITALS.get(kind, kind.upper())
