"""The image's recipe: what it copies and installs exists, and what comes of it is not root."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import click
import yaml
from tests.deploy.charts import CHART, DEPLOY

from pratique.cli.program import program

ROOT = DEPLOY.parent
FILE = DEPLOY / "container" / "Containerfile"


def instructions() -> list[tuple[str, str]]:
    """Each instruction and its words."""
    lines = FILE.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    parts = [line.partition(" ") for line in lines if line.strip() and not line.startswith("#")]
    return [(name, words.strip()) for name, _, words in parts]


def words_of(wanted: str) -> list[str]:
    """The words of every instruction of that name."""
    return [words for name, words in instructions() if name == wanted]


def project() -> dict[str, Any]:
    """What the sources say of themselves."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: dict[str, Any] = table["project"]
    return found


def chart_values() -> dict[str, Any]:
    """What the chart sets when nothing is said."""
    found: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    return found


def test_it_runs_as_the_user_that_the_chart_names() -> None:
    """A number above 0, since Kubernetes cannot tell whether a name is root."""
    (user,) = words_of("USER")
    wanted = chart_values()["runAsUser"]
    assert user == f"{wanted}:{wanted}"
    assert wanted > 0


def test_what_it_copies_is_there() -> None:
    """Every file and folder that it takes from the sources exists."""
    taken = [words.split() for words in words_of("COPY") if not words.startswith("--from=")]
    paths = [path for *paths, _ in taken for path in paths]
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_optional_part_is_in_it() -> None:
    """Whatever an operator can switch on is installed."""
    (extras,) = re.findall(r'pip install "\.\[([a-z,]+)\]"', "\n".join(words_of("RUN")))
    assert set(extras.split(",")) == set(project()["optional-dependencies"]) - {"dev"}


def test_its_python_is_one_that_the_project_takes() -> None:
    """The base's version is not below the least one, and both stages have the same."""
    (base,) = words_of("ARG")
    version = re.search(r"python:(\d+)\.(\d+)-slim$", base)
    least = re.fullmatch(r">=(\d+)\.(\d+)", project()["requires-python"])
    assert version is not None
    assert least is not None
    assert [int(part) for part in version.groups()] >= [int(part) for part in least.groups()]
    assert {words.split()[0] for words in words_of("FROM")} == {"${PYTHON}"}


def test_what_it_starts_is_a_command_line_that_exists() -> None:
    """The verb, its options and the variables are those of the product."""
    (start,) = words_of("ENTRYPOINT")
    (words,) = words_of("CMD")
    assert json.loads(start) == ["pratique"]
    verb, option, value = json.loads(words)
    command = program.get_command(click.Context(program), verb)
    assert command is not None
    options = [one for one in command.params if isinstance(one, click.Option)]
    assert option in {name for one in options for name in one.opts}
    assert value == "0.0.0.0:5000"
    named = set(re.findall(r"PRATIQUE_\w+", "\n".join(words_of("ENV"))))
    assert named == {"PRATIQUE_DATA"} & {one.envvar for one in options}
