"""A pasted error is hostile input: its values reach words and commands, its tricks do not."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.diagnosis.findings import Finding
from pratique.diagnosis.printed import explain
from pratique.diagnosis.printed.signs_table import SIGNS
from pratique.diagnosis.printed.tidying import LONGEST, tidy
from pratique.diagnosis.printed.values import SHAPES, checked

_PHRASES = [phrase.source for sign in SIGNS for phrase in sign.phrases]
_SLOT = re.compile(r"\{[a-z]+\}|…")
# What would be run, read or written if a shell saw it, and the mark by which it is found again.
_TRICKS = (
    "x;touch PWNED",
    "$(touch PWNED)",
    "`touch PWNED`",
    "x|PWNED",
    "x&&PWNED",
    "x\ntouch PWNED",
    "x\r\nPWNED",
    "--PWNED",
    "-oPWNED=1",
    "x>PWNED",
    "'PWNED'",
    '"; PWNED #',
    "x\x00PWNED",
    "\x1b]0;PWNED\x07",
    "\u202ePWNED",
    "${PWNED}",
    "PWNED=1 x",
    "~PWNED",
    "*PWNED?",
    "{PWNED,x}",
    "{login}PWNED{host}",
    "<(PWNED)",
)
_PLAIN = re.compile(r"[A-Za-z0-9._:/@=+,%\[\]-]*")
_CANARY = "c4n4ryS3cretValue0123456789"
_LEAKS = (
    "Authorization: Basic {}",
    "authorization: Bearer {}",
    '"Authorization": "Basic {}"',
    "'Authorization': ['Bearer {}']",
    "https://user:{}@registry.example.com/v2/",
    "https://{}@registry.example.com/v2/",
    "docker login -u x -p {} registry.example.com",
    "docker login -u x --password {} registry.example.com",
    "docker login --password={} registry.example.com",
    "skopeo copy --creds user:{} docker://registry.example.com/app:1",
    "password={}&grant_type=password",
    '"password":"{}"',
    "'password': '{}'",
    "refresh_token={}",
    "access_token={}&x=1",
    "client_secret={}",
    "https://x.blob.core.windows.net/y?sig={}&se=1",
    "eyJhbGciOiJSUzI1NiJ9.{}.{}",
    "ghp_{}",
    "github_pat_{}",
    "dckr_pat_{}",
    "glpat-{}",
    "AKIA{}",
)


def _shown(findings: Iterable[Finding]) -> str:
    return "\n".join("\n".join((f.words, *f.evidence, f.advice, *f.commands)) for f in findings)


def _written(source: str, values: str) -> str:
    """A text in which the phrase occurs, with `values` wherever it leaves a place."""
    return _SLOT.sub(lambda _: values, source.removesuffix("$"))


def _some_at_a_time() -> Iterator[list[str]]:
    """Phrases by turns, so that all are tried, and few enough stand in one text to be seen."""
    yield from (_PHRASES[start::40] for start in range(40))


@pytest.mark.parametrize("trick", _TRICKS)
def test_no_trick_in_a_value_reaches_a_command(trick: str) -> None:
    """Whatever stands where a phrase has a value, commands hold plain words of it at most."""
    for sources in _some_at_a_time():
        printed = "\n".join(_written(source, trick) for source in sources)
        text = (
            f'docker pull {trick}/app: Get "https://{trick}/v2/{trick}/manifests/{trick}": '
            f"{printed} azurecr.io ghcr.io denied"
        )
        for finding in explain(text):
            for command in finding.commands:
                spoiled = [word for word in shlex.split(command) if "PWNED" in word]
                assert all(_PLAIN.fullmatch(word) for word in spoiled), command
                assert all(not word.rpartition("=")[2].startswith("-") for word in spoiled)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(_PHRASES), st.text(max_size=80), st.text(max_size=40))
def test_any_text_gives_findings_that_can_be_printed_and_pasted(
    source: str, values: str, around: str
) -> None:
    """Never an error, never nothing, no control character, and every command is whole."""
    findings = explain(f"{around}{_written(source, values)}{around}")
    assert findings
    for finding in findings:
        assert all(line.isprintable() for line in (finding.words, *finding.evidence))
        for command in finding.commands:
            assert command.isprintable()
            assert shlex.split(command)


@pytest.mark.parametrize("leak", _LEAKS)
def test_no_secret_of_a_text_is_repeated(leak: str) -> None:
    """Headers, passwords in addresses and options, tokens: none of them is in any finding."""
    secret = leak.replace("{}", _CANARY)
    for sources in _some_at_a_time():
        printed = " ".join(_written(source, secret) for source in sources)
        text = f"{secret} {printed} {secret} docker pull ghcr.io/{secret}"
        assert _CANARY not in _shown(explain(text)), sources


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(_PHRASES),
    st.sampled_from(_LEAKS),
    st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", min_size=20),
)
def test_secrets_of_any_form_are_hidden(source: str, leak: str, secret: str) -> None:
    """The same for secrets of any letters."""
    text = f"{_written(source, 'x')} {leak.replace('{}', secret)}"
    assert secret not in _shown(explain(text))


@pytest.mark.parametrize("leak", _LEAKS)
def test_secrets_are_taken_out_before_anything_is_searched(leak: str) -> None:
    """The tidied text has none of them any more, in the middle of a log either."""
    assert _CANARY not in tidy(f"a line\n{leak.replace('{}', _CANARY)}\nanother line")


@pytest.mark.parametrize("kind", sorted(SHAPES))
def test_what_looks_like_a_token_is_no_value(kind: str) -> None:
    """Tokens and long random words are left out, whatever kind they stand for; digests are not."""
    for token in (
        "eyJhbGciOiJSUzI1NiJ9",
        "ghp_0123456789abcdef",
        "AKIA0123456789ABCDEF",
        "a1" * 25,
    ):
        assert checked(kind, token) is None, token
    digest = f"sha256:{'0a' * 32}"
    assert checked("tag", digest) == digest


@pytest.mark.parametrize("kind", sorted(SHAPES))
def test_values_are_what_they_should_be_or_left_out(kind: str) -> None:
    """Each kind takes no trick, no token and nothing that begins like an option."""
    for trick in (*_TRICKS, "-rf", "eyJhbGciOiJSUzI1NiJ9", "ghp_0123456789abcdef", "a" * 49, ""):
        value = checked(kind, trick)
        assert value is None or _PLAIN.fullmatch(value), (kind, trick)
        assert value is None or not value.startswith("-")


def test_a_challenge_is_no_secret() -> None:
    """What a server says of its realm stays readable."""
    told = 'WWW-Authenticate: Bearer realm="https://auth.example.com/token",service="x"'
    assert tidy(told) == told


def _seconds(text: str) -> float:
    begun = time.process_time()
    explain(text)
    return time.process_time() - begun


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        " \n",
        "failed to fetch anonymous token ",
        "lookup a.a.a.a ",
        "https://a/v2/a/manifests/",
        "error loading config file ",
        "does not have the permission `",
        "authorization: basic ",
        "://",
        "eyJ",
        '\\\\"',
        "password=",
        "pull access denied for aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ],
)
def test_reading_takes_linear_time(piece: str) -> None:
    """Eight times the text takes far less than the sixty-four times of a quadratic reader."""
    short = (piece * LONGEST)[: LONGEST // 8]
    long = (piece * LONGEST)[:LONGEST]
    _seconds(short)
    assert min(_seconds(long) for _ in range(2)) < 50 * min(_seconds(short) for _ in range(3))
