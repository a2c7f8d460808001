"""What the doctor reads out of a pasted error."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest

from pratique.diagnosis.causes import CAUSES, Reach
from pratique.diagnosis.printed import explain, words_in
from pratique.diagnosis.printed.answers_table import ANSWERS
from pratique.diagnosis.printed.signs_table import SIGNS
from pratique.diagnosis.printed.tidying import lowered, tidy
from pratique.diagnosis.references import read_reference

_FOLDER = Path(__file__).parent / "recorded" / "texts"
_TEXTS: list[dict[str, Any]] = [
    text
    for path in sorted(_FOLDER.glob("*.toml"))
    for text in tomllib.loads(path.read_text(encoding="utf-8"))["text"]
]
_DECISION = "834be5af-11ef-54f4-8a4e-8e435f0a5f77"


@pytest.mark.parametrize("text", _TEXTS, ids=lambda text: text["says"][:60])
def test_a_text_names_exactly_its_causes(text: dict[str, Any]) -> None:
    """Every recorded text gives its causes, in their order, the proved before the suspected."""
    found = words_in(text["says"])
    assert [f.cause.id for f in found if f.certain] == text["certain"]
    assert [f.cause.id for f in found if not f.certain] == text["suspected"]
    assert [f.certain for f in found] == sorted((f.certain for f in found), reverse=True)


def test_every_phrase_is_printed_by_somebody() -> None:
    """No phrase of the tables stands there without a recorded text in which it occurs."""
    texts = [(clean, lowered(clean)) for clean in (tidy(text["says"]) for text in _TEXTS)]
    unheard = [
        phrase.source
        for sign in SIGNS
        for phrase in sign.phrases
        if not any(phrase.find(*text) for text in texts)
    ]
    assert unheard == []


def test_every_sign_is_read_in_some_text() -> None:
    """Each cause of the tables is named by a recorded text, as it is meant: proved or suspected."""
    meant = {(sign.cause, sign.certain) for sign in SIGNS}
    named = {(id_, True) for text in _TEXTS for id_ in text["certain"]}
    named |= {(id_, False) for text in _TEXTS for id_ in text["suspected"]}
    assert meant - named == set()


def test_the_tables_know_what_to_tell_of_every_cause_that_they_name() -> None:
    """Signs and answers have the same causes, all of them in the catalogue and within reach."""
    named = {sign.cause for sign in SIGNS}
    assert named == set(ANSWERS)
    assert all(CAUSES[cause].reach is not Reach.OUT for cause in named)
    reads = {cause.id for cause in CAUSES.values() if cause.reach is Reach.READS}
    assert reads <= named


def test_a_text_without_known_words_is_unexplained_and_says_what_to_run() -> None:
    """One suspected finding with the command that looks further."""
    (alone,) = explain("the dog ate it")
    assert (alone.cause.id, alone.certain) == ("unexplained", False)
    assert alone.commands == ("pratique doctor IMAGE",)
    (known,) = explain("the dog ate it", read_reference("registry.example.com/team/app:1.0"))
    assert known.commands == ("pratique doctor registry.example.com/team/app:1.0",)
    assert words_in("the dog ate it") == ()


@pytest.mark.parametrize(
    ("text", "command"),
    [
        (
            (
                'Head "https://registry.example.com:5000/v2/team/app/manifests/1": unauthorized: '
                "authentication required"
            ),
            "docker login registry.example.com:5000",
        ),
        (
            (
                "initializing source docker://registry.example.com/team/app:1: reading manifest 1 "
                "in registry.example.com/team/app: unauthorized: authentication required"
            ),
            "podman login registry.example.com",
        ),
        (
            (
                'Head "https://democorp.azurecr.io/v2/app/manifests/1": unauthorized: '
                "authentication required"
            ),
            "az acr login --name democorp",
        ),
        (
            (
                'Head "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/v2/app/manifests/1": '
                "no basic auth credentials"
            ),
            (
                "aws ecr get-login-password --region eu-west-1 | docker login --username AWS "
                "--password-stdin 123456789012.dkr.ecr.eu-west-1.amazonaws.com"
            ),
        ),
        (
            (
                'Head "https://europe-west1-docker.pkg.dev/v2/p/r/app/manifests/1": denied: '
                "Unauthenticated request. Unauthenticated requests do not have permission"
            ),
            "gcloud auth configure-docker europe-west1-docker.pkg.dev",
        ),
        ("pull access denied for app, repository does not exist", "docker login docker.io"),
        (
            (
                'Get "https://democorp.azurecr.io/v2/": denied: client with IP '
                "\\u0027203.0.113.7\\u0027 is not allowed access."
            ),
            "az acr network-rule add --name democorp --ip-address 203.0.113.7",
        ),
        (f"no role is assigned to it. Decision: {_DECISION}", f"pratique why {_DECISION}"),
        (
            "Unable to retrieve some image pull secrets (regcred); attempting to pull",
            "kubectl get secret --all-namespaces --field-selector metadata.name=regcred",
        ),
        (
            'exec: "docker-credential-ecr-login": executable file not found in $PATH',
            "command -v docker-credential-ecr-login",
        ),
    ],
)
def test_commands_are_filled_from_the_text(text: str, command: str) -> None:
    """Host, region, address, decision and names of the text stand in what is to be pasted."""
    assert command in [each for finding in explain(text) for each in finding.commands]


def test_what_is_not_known_stays_in_capitals() -> None:
    """A command never has a hole: without a host in the text the placeholder stands there."""
    (first, *_) = explain("no basic auth credentials")
    assert first.commands == ("docker login HOST",)
    assert "the registry" in first.words


def test_a_reference_that_is_known_comes_before_the_text() -> None:
    """Who names the image need not trust the hosts of a pasted text."""
    reference = read_reference("registry.example.com/team/app:1.0")
    text = 'Head "https://evil.example.net/v2/x/manifests/1": no basic auth credentials'
    assert explain(text, reference)[0].commands == ("docker login registry.example.com",)


def test_a_reference_is_enough_to_know_the_registry() -> None:
    """Signs of one kind of registry count when the image is there, though the text is silent."""
    reference = read_reference("democorp.azurecr.io/app:1")
    found = explain("login attempt failed with status: 403 Forbidden", reference)
    assert "acr-ip-not-allowed" in [finding.cause.id for finding in found]


def test_what_proves_must_stand_near() -> None:
    """A storage host far away in a log does not make another host's silence its own."""
    near = "https://x.blob.core.windows.net/y: i/o timeout"
    far = f"https://x.blob.core.windows.net/y {'all is well ' * 200} i/o timeout"
    assert [f.cause.id for f in words_in(near) if f.certain] == ["blob-storage-blocked"]
    assert [f.cause.id for f in words_in(far) if f.certain] == []


def test_a_text_that_a_terminal_has_wrapped_is_read_all_the_same() -> None:
    """Line breaks between words, escapes of colours and escaped quotes do not matter."""
    text = '\x1b[31mfailed to fetch\nanonymous  token:\n unexpected status: 401\x1b[0m \\"x\\"'
    assert words_in(text)[0].cause.id == "no-credential-for-host"


def test_upper_and_lower_case_do_not_matter() -> None:
    """Clients differ in how they write the same words."""
    assert words_in("MANIFEST UNKNOWN")[0].cause.id == "tag-missing"


def test_a_phrase_begins_where_a_word_begins() -> None:
    """Letters that only happen to stand in longer words are not read."""
    assert words_in("the casino such hosts run") == ()
    assert words_in("there is no such host")[0].cause.id == "host-not-found"


def test_evidence_is_the_phrase_and_not_what_stands_between() -> None:
    """Gaps of a phrase are not repeated, since anything may stand in them."""
    text = "Pushed secret-between unauthorized: authentication required"
    assert explain(text)[0].evidence == (
        "the text says `Pushed…unauthorized: authentication required`",
    )


def test_several_signs_of_one_cause_are_one_finding() -> None:
    """Evidence is joined; the proved finding stands for the suspected one."""
    text = "no basic auth credentials; unable to retrieve auth token: invalid username/password"
    found = [f for f in explain(text) if f.cause.id == "no-credential-for-host"]
    assert len(found) == 1
    assert found[0].certain


def test_only_the_first_64_kib_are_read() -> None:
    """What comes after is as if it were not there."""
    assert words_in("x " * 32 * 1024 + "no basic auth credentials") == ()


def test_every_command_is_one_that_a_shell_can_read() -> None:
    """Quotes are balanced in every command of every recorded text."""
    for text in _TEXTS:
        for finding in explain(text["says"]):
            for command in finding.commands:
                assert shlex.split(command), command
                assert "{login}" not in command
