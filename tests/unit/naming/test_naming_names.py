"""Names of repositories, tags and registries: good ones, bad ones, and what holds for all."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.naming import Digest, InvalidName, RegistryName, RepositoryName, Tag, parse_reference

_unhurried = settings(deadline=None)

_GOOD_REPOSITORIES = [
    "a",
    "0",
    "app",
    "team/app",
    "a/b/c/d/e/f",
    "my-app",
    "my--app",
    "my-----app",
    "my_app",
    "my__app",
    "my.app",
    "v1.2.3",
    "0/1/2",
    "team.a/app_b/part__c/x-y",
    "library/hello-world",
    "content/read",
    "v2/blobs/uploads",
    "a" * 255,
    "a/" * 127 + "a",
]
_BAD_REPOSITORIES = [
    "",
    " ",
    "App",
    "team/App",
    "/app",
    "app/",
    "team//app",
    "/",
    ".",
    "..",
    "../etc",
    "team/../app",
    "team/./app",
    ".app",
    "app.",
    "-app",
    "app-",
    "_app",
    "app_",
    "my___app",
    "my..app",
    "my._app",
    "my-_app",
    "my_-app",
    "team/-app",
    "team/app_/x",
    "app:v1",
    "app@sha256",
    "host:5000/app",
    "app\n",
    "\napp",
    "app\r",
    "a\x00b",
    "a b",
    "a\tb",
    "a%2fb",
    "a\\b",
    "*",
    "team/*",
    "\u00e4pp",
    "\u0430pp",
    "\uff41pp",
    "\u212aapp",
    "app\u0660",
    "app\u00b2",
    "\ud800",
    "a" * 256,
    "a/" * 128,
]
_GOOD_TAGS = ["latest", "v1", "1", "_", "_x", "A", "1.2.3-rc.1", "a..b", "a--b", "x" * 128]
_BAD_TAGS = [
    "",
    ".",
    "..",
    ".v1",
    "-v1",
    "v1/x",
    "v1:x",
    "v1@x",
    "v 1",
    "v1\n",
    "v1+x",
    "v\x00",
    "v\u00e4",
    "v\u0661",
    "\u212a",
    "\ud800",
    "*",
    "x" * 129,
]
_GOOD_REGISTRIES = ["demo1", "Demo1", "12345", "a" * 50]
_BAD_REGISTRIES = [
    "",
    "demo",
    "a" * 51,
    "demo-1",
    "demo_1",
    "demo.1",
    "demo 1",
    "demo1\n",
    "dem\u00f61",
    "demo\u0661",
    "dem\u212a1",
    "demo\ud800",
]


@pytest.mark.parametrize("text", _GOOD_REPOSITORIES)
def test_good_repository_name_is_kept(text: str) -> None:
    """A name of the specification's grammar is taken as it is."""
    assert RepositoryName(text) == text


@pytest.mark.parametrize("text", _BAD_REPOSITORIES)
def test_bad_repository_name_is_refused(text: str) -> None:
    """Every other text is no repository name, and the refusal says so."""
    with pytest.raises(InvalidName, match="is not a repository name"):
        RepositoryName(text)


@pytest.mark.parametrize("text", _GOOD_TAGS)
def test_good_tag_is_kept(text: str) -> None:
    """A tag of the specification's grammar is taken as it is, and is a reference."""
    assert Tag(text) == text
    assert parse_reference(text) == Tag(text)


@pytest.mark.parametrize("text", _BAD_TAGS)
def test_bad_tag_is_refused(text: str) -> None:
    """Every other text is no tag and no reference either."""
    with pytest.raises(InvalidName, match="is not a tag"):
        Tag(text)
    with pytest.raises(InvalidName):
        parse_reference(text)


@pytest.mark.parametrize("text", _GOOD_REGISTRIES)
def test_good_registry_name_is_kept(text: str) -> None:
    """5 to 50 letters and digits name a registry, in the case they were written in."""
    assert RegistryName(text) == text


@pytest.mark.parametrize("text", _BAD_REGISTRIES)
def test_bad_registry_name_is_refused(text: str) -> None:
    """Every other text is no registry's name."""
    with pytest.raises(InvalidName, match="is not a registry name"):
        RegistryName(text)


def test_reference_with_a_colon_is_a_digest() -> None:
    """A colon, which no tag holds, makes a reference a digest."""
    digest = Digest.of(b"content")
    assert parse_reference(str(digest)) == digest
    with pytest.raises(InvalidName, match="is not a digest"):
        parse_reference("v1:latest")


def _repository_names() -> st.SearchStrategy[str]:
    word = st.text("abz019", min_size=1, max_size=5)
    joint = st.sampled_from([".", "_", "__", "-", "--", "---", "/"])
    rest = st.lists(st.tuples(joint, word).map("".join), max_size=8).map("".join)
    return st.builds("{}{}".format, word, rest)


@_unhurried
@given(_repository_names())
def test_words_and_joints_make_a_repository_name(text: str) -> None:
    """Letters and digits with one joint between them always make a name."""
    assert RepositoryName(text) == text


@_unhurried
@given(_repository_names(), st.sampled_from([*"./_-:@%* A\n\x00", "\u212a", "\u00b2"]))
def test_a_name_with_a_stray_character_at_its_end_is_refused(text: str, stray: str) -> None:
    """A joint or another character at either end breaks a name."""
    for broken in (text + stray, stray + text):
        with pytest.raises(InvalidName):
            RepositoryName(broken)


@pytest.mark.parametrize(
    "value", [RepositoryName("team/app"), Tag("v1"), RegistryName("demoregistry")], ids=repr
)
def test_value_survives_copying(value: str) -> None:
    """A name keeps its type and text when it crosses to another process."""
    copied = pickle.loads(pickle.dumps(value))  # noqa: S301 - our own bytes
    assert copied == value
    assert type(copied) is type(value)
