"""The report as data, in a form that stays, and as text that no server can make use of."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.diagnosis.core.in_memory import Answering
from tests.diagnosis.core.loopback import response
from tests.diagnosis.core.planted import PlantedClock

from pratique.cli.doctor_report import report_lines
from pratique.diagnosis.causes import CAUSES
from pratique.diagnosis.facts.conversation import Answer, Exchange, Failed, Failure, Sent, Stage
from pratique.diagnosis.facts.credentials import (
    Choice,
    Client,
    Credential,
    Credentials,
    Entry,
    Holding,
    Origin,
    Source,
)
from pratique.diagnosis.facts.examination import Examination, Outcome, Place, Step, Wish
from pratique.diagnosis.findings import Finding, certain, suspected
from pratique.diagnosis.machine import Machine, Ran
from pratique.diagnosis.redaction import HIDDEN, USER, Redaction, redaction_of
from pratique.diagnosis.references import read_reference
from pratique.diagnosis.report import SCHEMA, report
from pratique.diagnosis.rules import findings_of
from pratique.diagnosis.rules.shape import quoted
from pratique.diagnosis.secret import Secret
from pratique.diagnosis.verdict import Verdict, verdict_on
from pratique.diagnosis.walk import examine

_AT = datetime(2030, 1, 1, tzinfo=UTC)
_PLACE = Place("dev", "/home/dev", False, "linux", "amd64", "", "", False, False, _AT)  # noqa: FBT003
_NOTHING = Redaction(())
_CAUSE = next(iter(CAUSES))

# Members of the report and their types; a change here is a change of `SCHEMA`.
GOLDEN: dict[str, object] = {
    "schema": "str",
    "image": "str",
    "reference": {
        "host": "str",
        "server": "str",
        "repository": "str",
        "tag": "str|null",
        "digest": "str|null",
    },
    "client": "str",
    "verdict": "str",
    "works": "bool|null",
    "outcome": "str",
    "credential": {
        "found": "bool",
        "source": "str|null",
        "user": "str|null",
        "kind": "str|null",
        "helper": "str|null",
    },
    "steps": [{"name": "str", "well": "bool|null", "words": "str", "seconds": "float"}],
    "findings": [
        {
            "id": "str",
            "number": "int|null",
            "certain": "bool",
            "title": "str",
            "words": "str",
            "evidence": ["str"],
            "advice": "str",
            "commands": ["str"],
        }
    ],
    "requests": [
        {
            "method": "str",
            "url": "str",
            "sent": "str",
            "status": "int|null",
            "failure": "str|null",
            "seconds": "float",
        }
    ],
    "decision_id": "str|null",
}


def _seen(image: str = "h.example.com/team/app:1", **members: Any) -> Examination:
    made = Examination(Wish(image), _PLACE)
    for name, value in members.items():
        setattr(made, name, value)
    return made


def _told(seen: Examination, *findings: Finding, redaction: Redaction = _NOTHING) -> dict[str, Any]:
    return report(seen, findings, verdict_on(seen, findings), redaction)


def _exchange(answer: Answer | None = None, failure: Failure | None = None) -> Exchange:
    url = "https://h.example.com/v2/"
    return Exchange("GET", url, Sent.NOTHING, answer, failure, "192.0.2.1", _AT, 0.25)


def _full() -> Examination:
    credential = Credential("dev", Secret("canary-password"))
    entry = Entry("h.example.com", Holding.PAIR, credential)
    source = Source("/home/dev/.docker/config.json", Origin.DOCKER_FILE, read=True)
    return _seen(
        reference=read_reference("h.example.com/team/app:1"),
        outcome=Outcome.REFUSED,
        credentials=Credentials("h.example.com", choice=Choice(credential, source, entry)),
        steps=[Step("read the name", True, "`h.example.com/team/app:1`", 0.00123456)],  # noqa: FBT003
        exchanges=[
            _exchange(Answer(401, ())),
            _exchange(failure=Failure(Stage.CONNECT, Failed.NO_SUCH_NAME, "no")),
        ],
        decision_id="0123456789",
    )


def _fits(value: object, wanted: object, at: str) -> None:
    match wanted:
        case dict():
            assert isinstance(value, dict), at
            assert list(value) == list(wanted), at
            for name, inner in wanted.items():
                _fits(value[name], inner, f"{at}.{name}")
        case list():
            assert isinstance(value, list), at
            for each in value:
                _fits(each, wanted[0], at)
        case str():
            kind = "null" if value is None else type(value).__name__
            assert kind in wanted.split("|"), at


def test_the_members_of_a_report() -> None:
    """Names, order and types of all members are those that were promised."""
    finding = certain(_CAUSE, "It is so.", "a command", evidence=["seen"], advice="Do it.")
    told = _told(_full(), finding, suspected(_CAUSE, "It may be so."))
    _fits(told, GOLDEN, "report")
    assert told["schema"] == SCHEMA == "pratique-doctor/1"
    assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_the_values_of_a_report() -> None:
    """What was seen stands in the report."""
    told = _told(_full(), certain(_CAUSE, "It is so."))
    assert (told["verdict"], told["works"], told["outcome"]) == ("proven", False, "refused")
    assert told["credential"] == {
        "found": True,
        "source": "/home/dev/.docker/config.json",
        "user": "dev",
        "kind": "password",
        "helper": None,
    }
    assert [(each["status"], each["failure"]) for each in told["requests"]] == [
        (401, None),
        (None, "no-such-name"),
    ]
    assert told["steps"][0]["seconds"] == 0.0012
    assert told["findings"][0]["id"] == _CAUSE


def test_a_report_of_nothing() -> None:
    """What was not seen is null, or an empty list."""
    told = _told(_seen())
    wanted = {**GOLDEN, "reference": "null"}
    _fits(told, wanted, "report")
    assert (told["works"], told["outcome"], told["requests"]) == (None, "untested", [])
    assert told["credential"]["found"] is False


@pytest.mark.parametrize(
    ("outcome", "findings", "verdict"),
    [
        (Outcome.GRANTED, [], Verdict.WELL),
        (Outcome.GRANTED, [suspected(_CAUSE, "x")], Verdict.WELL),
        (Outcome.GRANTED, [certain(_CAUSE, "x")], Verdict.WELL),
        (Outcome.UNTESTED, [], Verdict.WELL),
        (Outcome.UNTESTED, [suspected(_CAUSE, "x")], Verdict.SUSPECTED),
        (Outcome.UNTESTED, [certain(_CAUSE, "x")], Verdict.PROVEN),
        *((outcome, [], Verdict.SUSPECTED) for outcome in Outcome if outcome.value[:3] == "the"),
        (Outcome.REFUSED, [suspected(_CAUSE, "x")], Verdict.SUSPECTED),
        (Outcome.REFUSED, [suspected(_CAUSE, "x"), certain(_CAUSE, "y")], Verdict.PROVEN),
        (Outcome.MISREAD, [certain(_CAUSE, "x")], Verdict.PROVEN),
    ],
)
def test_the_verdict(outcome: Outcome, findings: list[Finding], verdict: Verdict) -> None:
    """What works is well; what does not is proven as soon as one cause is."""
    assert verdict_on(_seen(outcome=outcome), findings) is verdict


def test_exit_codes() -> None:
    """The exit codes are those of the command's help; 2 is left to wrong usage."""
    assert {verdict.word: verdict.value for verdict in Verdict} == {
        "well": 0,
        "proven": 1,
        "suspected": 3,
    }


def test_a_push_that_is_refused() -> None:
    """An image that can be pulled is not well when pushing it was asked for and refused."""
    seen = Examination(Wish("h.example.com/app", push=True), _PLACE, Outcome.GRANTED)
    assert verdict_on(seen, []) is Verdict.SUSPECTED
    seen.push = _exchange(Answer(202, ()))
    assert verdict_on(seen, []) is Verdict.WELL


_HOSTILE = "\x1b[31mred\x1b]8;;https://evil\x07\u202egnol\u2066\u200b\r\n\x00\x9b2J\ud800\u2028end"


def _harmless(text: str) -> bool:
    return all(letter.isprintable() or letter == "\n" for letter in text)


def _hostile_server(text: str) -> tuple[Examination, list[Finding]]:
    """A walk to a server that says the same hostile words everywhere."""
    header = "".join(each for each in text if each not in "\r\n\x00").encode("utf-8", "replace")
    message = text.encode("utf-8", "replace").decode()
    body = json.dumps({"errors": [{"code": message, "message": message, "detail": message}]})

    def answer(request: bytes) -> bytes:
        status = "401 x" if b" /v2/ " in request else "403 x"
        if b"/token" in request:
            status = "200 x"
        made = response(status, "X: @", 'WWW-Authenticate: Basic realm="@"', body=body.encode())
        return made.replace(b"@", header)

    machine = _machine(answer)
    seen = examine(machine, Wish(f"127.0.0.1/team/app:{'1'}", Client.DOCKER))
    return seen, list(findings_of(seen))


class _NoFiles:
    def read(self, path: str) -> bytes:
        raise FileNotFoundError(2, "No such file or directory", path)

    def names_in(self, folder: str) -> tuple[str, ...]:
        assert folder
        return ()


class _NoPrograms:
    def find(self, name: str) -> None:
        assert name

    def run(self, words: object, given: str = "", seconds: float = 5.0) -> Ran:
        raise AssertionError(words, given, seconds)


def _machine(answer: Any) -> Machine:
    return Machine(
        _NoFiles(),
        _NoPrograms(),
        Answering(answer, frozenset()),
        PlantedClock(),
        {"HTTPS_PROXY": "http://user:canary-of-proxy@p.example.com"},
        user="dev",
        home="/home/dev",
        is_root=False,
        system="linux",
        architecture="amd64",
    )


@given(st.one_of(st.just(_HOSTILE), st.text(max_size=60)))
def test_no_server_reaches_the_terminal(text: str) -> None:
    """Escapes, line breaks and writing directions of a server are not in what is shown."""
    seen, findings = _hostile_server(text)
    told = report(seen, findings, verdict_on(seen, findings), _NOTHING)
    assert seen.exchanges
    assert findings
    lines = report_lines(told)
    assert all(_harmless(line) and "\n" not in line for line in lines)
    assert all(_harmless(each) for each in _texts(told))


def test_no_file_reaches_the_terminal() -> None:
    """What was typed, and what stands in files, is shown without what a terminal would obey."""
    seen = _seen(_HOSTILE, outcome=Outcome.MISREAD, decision_id=_HOSTILE)
    seen.steps.append(Step(_HOSTILE, False, _HOSTILE, 0.0))  # noqa: FBT003
    finding = certain(_CAUSE, _HOSTILE, _HOSTILE, evidence=[_HOSTILE], advice=_HOSTILE)
    told = _told(seen, finding)
    assert all(_harmless(line) and "\n" not in line for line in report_lines(told))
    assert all(_harmless(text) for text in _texts(told))


def _texts(value: object) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [text for each in value.values() for text in _texts(each)]
        case list():
            return [text for each in value for text in _texts(each)]
        case _:
            return []


@given(st.text(max_size=40))
def test_commands_are_safe_in_a_shell(text: str) -> None:
    """A word of a server or a file stays one word of a command, whatever it holds."""
    finding = certain(_CAUSE, "x", f"docker login {quoted(text)}")
    plain = "".join(each if each.isprintable() else "\ufffd" for each in text)
    assert shlex.split(finding.commands[0]) == ["docker", "login", plain]


@given(
    st.sampled_from(
        ["'; rm -rf ~ #", "$(id)", "`id`", "a b", "-rf", "a\nb", "&& id", "a|b", "*", "~", "\\"]
    )
)
def test_commands_of_rules_are_safe(text: str) -> None:
    """No command that a rule writes runs what was typed as an image."""
    seen = examine(_machine(lambda _: response()), Wish(f"h.example.com/{text}", offline=True))
    for finding in findings_of(seen):
        for command in finding.commands:
            assert "id" not in shlex.split(command, comments=True)
            assert shlex.split(command)[0] in {"docker", "podman", "crictl", "nerdctl", "ctr"}


def test_names_are_left_out_when_wanted() -> None:
    """With redaction, users and their home are not named; without, they are."""
    seen = _full()
    machine = _machine(lambda _: response())
    finding = certain(_CAUSE, "`dev` has it in /home/dev/.docker/config.json")
    hidden = _told(seen, finding, redaction=redaction_of(seen, machine, names=True))
    shown = _told(seen, finding, redaction=redaction_of(seen, machine, names=False))
    assert hidden["findings"][0]["words"] == f"`{USER}` has it in ~/.docker/config.json"
    assert hidden["credential"]["user"] == USER
    assert shown["findings"][0]["words"] == finding.words
    assert shown["credential"]["user"] == "dev"


@pytest.mark.parametrize("names", [True, False])
@pytest.mark.parametrize(
    "text",
    [
        "canary-password",
        "canary-of-proxy",
        "canary-passw\u2026",
        "`canary-pas`",
        "ZGV2OmNhbmFyeS1wYXNzd29yZA==",
        "eyJhbGciOiJub25lIn0.eyJjYW5hcnkiOjF9.",
        "Bearer canary.with.dots",
        "Authorization: Basic Y2FuYXJ5LWNhbmFyeQ==",
        "https://user:canary@elsewhere.example.com/",
        "password=canary1",
        'password: "canary-1"',
        "ghp_canarycanarycanary",
    ],
)
def test_secrets_are_left_out_in_any_case(text: str, *, names: bool) -> None:
    """Secrets that are known, and what looks like one, are in no report."""
    seen = _full()
    redaction = redaction_of(seen, _machine(lambda _: response()), names=names)
    told = _told(seen, certain(_CAUSE, f"It said {text}"), redaction=redaction)
    words = told["findings"][0]["words"]
    assert HIDDEN in words
    assert "canary" not in words
    assert "Y2FuYXJ5" not in words


@pytest.mark.parametrize(
    "text",
    [
        "docker login h.example.com --username USER --password-stdin",
        "kubectl create secret docker-registry NAME --docker-password=PASSWORD",
        'echo "$PASSWORD" | docker login --password-stdin',
        "unauthorized: authentication required",
        "https://h.example.com/v2/team/app/manifests/1",
        f"sha256:{'a' * 64}",
        "token: it has expired",
        "can be had with a password; the user is `root`",
        "Bearer and Basic",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    """Words and commands that hold no secret are as they were."""
    redaction = redaction_of(_full(), _machine(lambda _: response()), names=True)
    assert redaction.clean(text) == text


@given(st.text(min_size=4, max_size=30), st.text(max_size=20), st.text(max_size=20))
def test_no_secret_is_too_strange(secret: str, before: str, behind: str) -> None:
    """Whatever a secret holds, it is taken out of every text that holds it."""
    cleaned = Redaction([secret]).clean(f"{before}{secret}{behind}")
    assert secret not in cleaned or secret in HIDDEN or secret in before + HIDDEN + behind
