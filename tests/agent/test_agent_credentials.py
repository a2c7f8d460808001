"""Credentials files: who may have written them, and what must stand in them."""

from __future__ import annotations

import getpass
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from tests.agent.stage import HEADER_SECRET, TENANT, identity

from pratique.agent import CredentialsUnfit, read_credentials
from pratique.agent.peers import unmapped_id

_ENTRY: dict[str, Any] = {
    **{key: getattr(identity(), key) for key in ("name", "client_id", "object_id", "resource_id")},
    "secret": "prq_a-secret",
    "users": [1000],
}


def _written(path: Path, content: Any, mode: int = 0o600) -> Path:
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def _file(folder: Path, **changes: Any) -> Path:
    entry = {key: value for key, value in {**_ENTRY, **changes}.items() if value is not None}
    return _written(folder / "web", {"tenant": TENANT, "identities": [entry]})


def test_json_and_toml_say_the_same(tmp_path: Path) -> None:
    """Both forms give the same identity."""
    toml = f'tenant = "{TENANT}"\n[[identities]]\n'
    toml += "".join(f"{key} = {json.dumps(value)}\n" for key, value in _ENTRY.items())
    (of_json,) = read_credentials([_file(tmp_path)])
    (of_toml,) = read_credentials([_written(tmp_path / "web.toml", toml)])
    assert of_json == of_toml == identity(secret="prq_a-secret")


def test_all_files_count(tmp_path: Path) -> None:
    """Identities of several files stand side by side, each once."""
    other = {**_ENTRY, "client_id": identity(2).client_id, "name": "web-2"}
    second = _written(tmp_path / "second", {"tenant": TENANT, "identities": [other]})
    assert [i.name for i in read_credentials([_file(tmp_path), second])] == ["web-1", "web-2"]
    with pytest.raises(CredentialsUnfit, match="a second time"):
        read_credentials([second, second])


def test_accounts_are_names_or_numbers(tmp_path: Path) -> None:
    """A user's name means the number that this host gives it."""
    (found,) = read_credentials([_file(tmp_path, users=[getpass.getuser(), 4242], groups=[17])])
    assert found.users == {os.getuid(), 4242}
    assert found.groups == {17}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o620])
def test_a_file_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    """One bit for group or others is too much, and the command that helps is told."""
    path = _file(tmp_path)
    path.chmod(mode)
    with pytest.raises(CredentialsUnfit, match=re.escape(f"chmod 600 {path}")):
        read_credentials([path])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """Whoever owns the file could write into it."""
    path = _file(tmp_path)
    os.chown(path, 1234, 1234)
    with pytest.raises(CredentialsUnfit, match="belongs to somebody else"):
        read_credentials([path])


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A missing file and a folder are told apart."""
    with pytest.raises(CredentialsUnfit, match="No such file"):
        read_credentials([tmp_path / "absent"])
    with pytest.raises(CredentialsUnfit, match=r"regular file|directory"):
        read_credentials([tmp_path])
    with pytest.raises(CredentialsUnfit, match="longer than"):
        read_credentials([_written(tmp_path / "long", "#" * 300_000)])


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"secret": None}, "lacks `secret`"),
        ({"secret": 5}, "lacks `secret`"),
        ({"name": "a\nb"}, "lacks `name`"),
        ({"client_id": "web"}, "`client_id` is not a GUID"),
        ({"users": None}, "nobody may have `web-1`"),
        ({"users": "root"}, "`users` is a list"),
        ({"users": ["no such user here"]}, "unknown on this host"),
        ({"users": [-1]}, "neither a name nor a number"),
        ({"users": [True]}, "neither a name nor a number"),
        ({"users": [unmapped_id("users")]}, "nobody in particular"),
        ({"groups": [unmapped_id("groups")]}, "nobody in particular"),
        ({"header_secret": "short"}, "at least 22"),
        ({"header_secret": HEADER_SECRET + "ä"}, "ASCII"),
        ({"challenge_group": "no such group here"}, "unknown on this host"),
        ({"system_assigned": "yes"}, "true or false"),
        ({"userz": [0]}, "no `userz`"),
    ],
)
def test_what_makes_no_sense_is_refused(
    tmp_path: Path, changes: dict[str, Any], problem: str
) -> None:
    """Each mistake has its own words, and none of them holds the secret."""
    with pytest.raises(CredentialsUnfit, match=re.escape(problem)) as refused:
        read_credentials([_file(tmp_path, **changes)])
    assert "prq_" not in str(refused.value)


@pytest.mark.parametrize(
    "content",
    [
        *("", "[]", "{", "{}", '{"tenant": "prq_x', "secret = prq_x", '{"a":' * 50_000),
        '{"tenant": "x", "identities": []}',
        f'{{"tenant": "{TENANT}"}}',
    ],
)
def test_another_content_is_refused_without_a_quotation(tmp_path: Path, content: str) -> None:
    """What cannot be read is not repeated, since it may hold a secret."""
    with pytest.raises(CredentialsUnfit) as refused:
        read_credentials([_written(tmp_path / "web", content)])
    assert "prq_" not in str(refused.value)


def test_a_host_has_one_identity_of_its_own(tmp_path: Path) -> None:
    """Two system-assigned identities would leave open which is meant."""
    entries = [
        {**_ENTRY, "client_id": identity(n).client_id, "system_assigned": True} for n in (1, 2)
    ]
    path = _written(tmp_path / "web", {"tenant": TENANT, "identities": entries})
    with pytest.raises(CredentialsUnfit, match="one system-assigned"):
        read_credentials([path])


def test_secrets_are_not_shown() -> None:
    """The text of an identity, as it stands in a traceback, holds no secret."""
    shown = repr(identity(header_secret=HEADER_SECRET))
    assert "prq_" not in shown
    assert HEADER_SECRET not in shown
