"""Credential helpers, really run: `docker-credential-NAME get` with the key on its input.

The protocol is that of docker/docker-credential-helpers (`client/client.go`): a status other than
0 with one certain sentence on the output means a healthy helper that has nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Final

from pratique.diagnosis.facts.credentials import Credential, HelperOutcome, HelperRun
from pratique.diagnosis.machine import Machine, Ran
from pratique.diagnosis.secret import Secret

PREFIX: Final = "docker-credential-"
NOTHING_STORED: Final = "credentials not found in native keychain"
TOKEN_USER: Final = "<token>"
_SECONDS: Final = 5.0
_MOST_SAID: Final = 500
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,100}")
_SECRET_INSIDE = re.compile(r'"secret"\s*:', re.IGNORECASE)


class Helpers:
    """Runs helpers, each at most once for a key.

    Args:
        machine: on which they are.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._runs: dict[tuple[str, str], HelperRun] = {}

    @property
    def runs(self) -> tuple[HelperRun, ...]:
        """Those that were run, in order."""
        return tuple(self._runs.values())

    def installed(self, name: str) -> bool:
        """Whether a helper is on the search path."""
        return _NAME.fullmatch(name) is not None and (
            self._machine.programs.find(PREFIX + name) is not None
        )

    def get(self, name: str, key: str, source: str) -> HelperRun:
        """Ask a helper for a key.

        Args:
            name: without `docker-credential-`.
            key: as the client would ask.
            source: name of the source that names the helper.
        """
        known = self._runs.get((name, key))
        if known is None:
            known = self._runs[name, key] = self._run(name, key, source)
        return known

    def _run(self, name: str, key: str, source: str) -> HelperRun:
        run = HelperRun(_printable(name), source, key, HelperOutcome.FAILED)
        if self._machine.no_helpers:
            return replace(run, said=f"it was not run, {self._machine.no_helpers}")
        if _NAME.fullmatch(name) is None:
            return replace(run, said="its name is none that a programme can have")
        path = self._machine.programs.find(PREFIX + name)
        if path is None:
            return replace(run, outcome=HelperOutcome.MISSING)
        try:
            ran = self._machine.programs.run((path, "get"), key, _SECONDS)
        except OSError as error:
            return replace(run, said=_printable(error.strerror or "cannot be started"))
        return _ended(replace(run, status=ran.status), ran)


def _ended(run: HelperRun, ran: Ran) -> HelperRun:
    if ran.status is None:
        return replace(run, outcome=HelperOutcome.TIMED_OUT)
    if ran.status == 0:
        return _answer(run, ran.output)
    if ran.output.strip() == NOTHING_STORED:
        return replace(run, outcome=HelperOutcome.EMPTY, said=NOTHING_STORED)
    return replace(run, said=_said(ran))


def _answer(run: HelperRun, output: str) -> HelperRun:
    refused = replace(run, said="its answer is no JSON as helpers give it")
    try:
        found, _ = json.JSONDecoder().raw_decode(output.lstrip())
    except (ValueError, RecursionError):
        return refused
    members = (
        {str(name).lower(): value for name, value in found.items()}
        if isinstance(found, dict)
        else {"username": None}
    )
    username, secret = members.get("username", ""), members.get("secret", "")
    if not isinstance(username, str) or not isinstance(secret, str):
        return refused
    if not username and not secret:
        return replace(run, outcome=HelperOutcome.EMPTY)
    if username == TOKEN_USER:
        credential = Credential("", Secret(""), Secret(secret))
    else:
        credential = Credential(username, Secret(secret))
    return replace(run, outcome=HelperOutcome.FOUND, credential=credential)


def _said(ran: Ran) -> str:
    text = ran.output.strip() or ran.errors.strip()
    if _SECRET_INSIDE.search(text) is not None:
        return ""
    return _printable(text)


def _printable(text: str) -> str:
    spaced = " ".join(text.split())
    return "".join(letter for letter in spaced if letter.isprintable())[:_MOST_SAID]
