"""`pratique trust`: issuers added, listed, changed, checked and removed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from tests.cli.terminal import Terminal

from pratique.testing.outside_issuers import OutsideIssuer, TokenKey, new_key

GITHUB = "https://token.actions.githubusercontent.com"
SUBJECT = "repo:octo-org/octo-repo:ref:refs/heads/main"
ADD = ("trust", "add", GITHUB, "--audience", "registry.example.com")


def _keys(folder: Path, *keys: TokenKey, name: str = "keys.json") -> str:
    path = folder / name
    path.write_text(OutsideIssuer("x", list(keys)).jwks(), encoding="utf-8")
    return str(path)


def _federate(owner: Terminal, issuer: str = GITHUB) -> None:
    owner.gets("sp", "create", "ci")
    owner.gets(
        *("sp", "federated-credential", "add", "ci", "--issuer", issuer),
        *("--subject", SUBJECT, "--audience", "registry.example.com"),
    )


def test_trust_comes_and_goes(owner: Terminal) -> None:
    """What is told next can be typed; the list says who rests on it."""
    assert "`pratique trust add` trusts one" in owner.reads("trust", "list")
    told = owner.reads(*ADD, "--name", "github")
    assert f"Tokens of `{GITHUB}` (GitHub Actions) for `registry.example.com` are taken." in told
    assert "pratique sp federated-credential add PRINCIPAL --issuer" in told
    assert f"pratique trust check {GITHUB} --data" in told
    _federate(owner)
    heading, line = owner.reads("trust", "list").splitlines()
    assert heading.split()[:2] == ["NAME", "ISSUER"]
    assert line.split() == [
        *("github", GITHUB, "GitHub", "Actions", "registry.example.com", "discovered", "ci"),
    ]
    refused = owner.fails("trust", "remove", "github")
    assert "`ci`" in refused
    assert "--with-credentials" in refused
    told = owner.reads("trust", "remove", "GitHub", "--with-credentials")
    assert "Logins made with them are void: `ci`." in told
    assert owner.gets("trust", "list") == []
    assert owner.gets("sp", "federated-credential", "list", "ci") == []
    assert "pratique trust list" in owner.fails("trust", "remove", "github")


def test_trust_that_nobody_rests_on_is_removed_by_its_issuer(owner: Terminal) -> None:
    """Without a word of logins."""
    owner.gets(*ADD)
    (found,) = owner.gets("trust", "list")
    assert found["name"] == "token.actions.githubusercontent.com"
    assert "void" not in owner.reads("trust", "remove", GITHUB)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((GITHUB, "--audience", "a"), "trusted already"),
        ((GITHUB.upper(), "--audience", "a"), "trusted already"),
        (("https://issuer.test", "--audience", "a", "--name", "GitHub"), "called `GitHub`"),
        (("github.com", "--audience", "a"), "is no issuer"),
        (("spiffe://example.org", "--audience", "a"), "--jwks"),
        (("https://issuer.test", "--audience", ""), "no audience"),
        (("https://issuer.test", "--audience", "a", "--name", "\t"), "a name has"),
    ],
)
def test_trust_that_makes_no_sense_is_refused(
    owner: Terminal, words: tuple[str, ...], told: str
) -> None:
    """And the one that stands is left as it is."""
    owner.gets(*ADD, "--name", "github")
    assert told in owner.fails("trust", "add", *words)
    assert len(owner.gets("trust", "list")) == 1


def test_audience_is_needed(owner: Terminal) -> None:
    """A token for anybody would be a token for this registry too."""
    assert "--audience" in owner.misuses("trust", "add", GITHUB)


def test_audiences_and_keys_change(owner: Terminal, tmp_path: Path) -> None:
    """What is not given stays; keys are given, or asked for again."""
    owner.gets(*ADD, "--name", "github")
    changed = owner.gets("trust", "update", "github", "--audience", "a", "--audience", "b")
    assert (changed["audiences"], changed["keys"]) == (["a", "b"], "discovered")
    changed = owner.gets("trust", "update", GITHUB, "--jwks", _keys(tmp_path, new_key("k")))
    assert (changed["audiences"], changed["keys"]) == (["a", "b"], "given")
    assert "keys are discovered" in owner.reads("trust", "update", "github", "--discover")
    assert "say what to change" in owner.misuses("trust", "update", "github")
    assert "not both" in owner.misuses(
        "trust", "update", "github", "--discover", "--jwks", _keys(tmp_path, new_key("k"))
    )
    assert "pratique trust list" in owner.fails("trust", "update", "absent", "--audience", "a")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "not JSON"),
        ("[]", "object"),
        ('{"keys": []}', "no key that can be used"),
        (json.dumps({"keys": [{**new_key("k").jwk(), "d": "AA"}]}), "private key"),
        (
            json.dumps({"keys": [new_key("k").jwk(), {"kty": "oct", "kid": "s", "k": "AA"}]}),
            "private key",
        ),
        (" " * 262_145, "larger than"),
    ],
)
def test_key_sets_of_no_use_are_refused(
    owner: Terminal, tmp_path: Path, content: str, told: str
) -> None:
    """Private keys above all: they would be shown to everybody who reads the folder."""
    path = tmp_path / "keys.json"
    path.write_text(content, encoding="utf-8")
    assert told in owner.fails(*ADD, "--jwks", str(path))


def test_key_set_that_is_no_text_is_refused(owner: Terminal, tmp_path: Path) -> None:
    """With the name of the file."""
    path = tmp_path / "keys.der"
    path.write_bytes(b"\xff\xfe")
    assert "keys.der cannot be read" in owner.fails(*ADD, "--jwks", str(path))


@contextmanager
def _provider(*keys: TokenKey) -> Iterator[str]:
    """A provider on loopback with these keys; its name."""

    class Answer(BaseHTTPRequestHandler):
        """Metadata and keys."""

        def do_GET(self) -> None:
            """Answer whatever is asked with one of the two."""
            content = OutsideIssuer(issuer, list(keys)).jwks()
            if "openid-configuration" in self.path:
                content = json.dumps({"issuer": issuer, "jwks_uri": f"{issuer}/keys"})
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        issuer = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()


def test_check_says_what_it_found(owner: Terminal) -> None:
    """Also of an issuer that is not trusted yet; one that is not public needs a setting."""
    with _provider(new_key("one"), new_key("two", "EdDSA")) as issuer:
        done = owner.types("trust", "check", issuer)
        assert done.code == 0
        assert f"metadata    {issuer}/.well-known/openid-configuration\n" in done.out
        assert "trusted     no\n" in done.out
        assert "key ids     one, two\n" in done.out
        assert "algorithms  ES256, Ed25519, EdDSA\n" in done.out
        assert "--allow-private-issuers" in done.err
        owner.gets("trust", "add", issuer, "--audience", "a", "--name", "here")
        done = owner.types("trust", "check", issuer, "--json")
        found = json.loads(done.out)
        assert (found["trusted"], found["keys"], found["private_address"]) == (True, 2, True)


def test_check_says_what_is_wrong(owner: Terminal) -> None:
    """A provider without keys, one that is not there, and what is no issuer."""
    with _provider() as issuer:
        assert "no key that can be used" in owner.fails("trust", "check", issuer)
    assert "cannot be had" in owner.fails("trust", "check", issuer)
    assert "hands out credentials" in owner.fails("trust", "check", "https://169.254.169.254")
    assert "is no issuer" in owner.fails("trust", "check", "localhost")


def test_check_of_given_keys_asks_nobody(owner: Terminal, tmp_path: Path) -> None:
    """What was given is told."""
    given = _keys(tmp_path, new_key("k"))
    owner.gets("trust", "add", "spiffe://example.org", "--audience", "a", "--jwks", given)
    told = owner.reads("trust", "check", "spiffe://example.org")
    assert "metadata    not asked; its keys were given with the trust\n" in told
    assert "key ids     k\n" in told
