"""What is chosen at the first start is checked like everything chosen later."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from pratique.cli.program import program


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--owner", "a:b", "cannot be a user name"),
        ("--owner", "pratique", "name of a registry and its admin user"),
        ("--owner", "6f1c2a34-0000-4000-8000-123456789abc", "looks like an id"),
        ("--name", "no", "is not a registry name"),
        ("--login-server", 'host",error="x', "is not a host name"),
    ],
)
def test_a_name_that_would_do_harm_prepares_nothing(
    tmp_path: Path, option: str, value: str, words: str
) -> None:
    """The folder is no registry afterwards, and the sentence says why."""
    data = tmp_path / "data"
    done = CliRunner().invoke(program, ["init", "--data", str(data), option, value])
    again = CliRunner().invoke(program, ["init", "--data", str(data)])
    assert (done.exit_code, words in done.output) == (1, True), done.output
    assert again.exit_code == 0


@pytest.mark.parametrize("url", ["ftp://host", "https://host/path", 'https://a"b', "host"])
def test_an_external_url_with_more_than_a_host_is_wrong_usage(tmp_path: Path, url: str) -> None:
    """It is repeated in headers, so it is refused before anything listens."""
    words = ["serve", "--data", str(tmp_path / "data"), "--external-url", url]
    done = CliRunner().invoke(program, words)
    assert (done.exit_code, "is not https://HOST" in done.output) == (2, True), done.output
