"""The environment that systemd gives a service (systemd.exec(5), systemd.unit(5))."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from pratique.diagnosis.settings_of_clients.seen import Seen

_FOLDERS: Final = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)
_MOST_DROP_INS: Final = 50


@dataclass(slots=True)
class Service:
    """What the files of a service say.

    Attributes:
        environment: variables that it gets.
        commands: `ExecStart`, in order.
        files: that set a variable of the environment, or the first that was read.
    """

    environment: dict[str, str] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


def read_service(seen: Seen, name: str) -> Service | None:
    """A service of this machine; None when there are no files of it.

    Args:
        seen: reads the files.
        name: without `.service`.
    """
    service = Service()
    environment_files: list[str] = []
    first = ""
    for path in _unit_files(seen, name):
        text = seen.text(path)
        if text is None:
            continue
        first = first or path
        for key, value in _settings(text):
            _apply(service, environment_files, path, key, value)
    if not first:
        return None
    for listed in environment_files:
        path = listed.removeprefix("-")
        text = seen.text(path) if path.startswith("/") else None
        pairs = dict(_assignments(text or ""))
        service.environment.update(pairs)
        service.files += [path] if pairs else []
    service.files = list(dict.fromkeys(service.files)) or [first]
    return service


def _apply(service: Service, environment_files: list[str], path: str, key: str, value: str) -> None:
    if key == "Environment":
        if not value:
            service.environment.clear()
        for word in _words(value):
            name, equals, content = word.partition("=")
            if equals:
                service.environment[name] = content.replace("%%", "%")
                service.files.append(path)
    elif key == "EnvironmentFile":
        if not value:
            environment_files.clear()
        else:
            environment_files.append(value.strip('"'))
    elif key == "ExecStart":
        if not value:
            service.commands.clear()
        else:
            service.commands.append(value)


def _unit_files(seen: Seen, name: str) -> Iterator[str]:
    unit = f"{name}.service"
    for folder in _FOLDERS:
        if unit in seen.names_in(folder):
            yield f"{folder}/{unit}"
            break
    drop_ins: dict[str, str] = {}
    for folder in _FOLDERS:
        inner = f"{folder}/{unit}.d"
        for file in seen.names_in(inner)[:_MOST_DROP_INS]:
            if file.endswith(".conf"):
                drop_ins.setdefault(file, f"{inner}/{file}")
    for file in sorted(drop_ins):
        yield drop_ins[file]


def _settings(text: str) -> Iterator[tuple[str, str]]:
    """Settings of the section `Service`, with continued lines joined."""
    section = ""
    for line in text.replace("\\\n", " ").splitlines():
        stripped = line.strip()
        if stripped.startswith("[") and stripped.endswith("]"):
            section = stripped
        elif section == "[Service]" and not stripped.startswith(("#", ";")):
            key, equals, value = stripped.partition("=")
            if equals:
                yield key.strip(), value.strip()


def _words(value: str) -> list[str]:
    try:
        return shlex.split(value)
    except ValueError:
        return []


def _assignments(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        stripped = line.strip().removeprefix("export ")
        name, equals, value = stripped.partition("=")
        if equals and not name.startswith("#"):
            yield name.strip(), value.strip().strip("\"'")


def variables_in(seen: Seen, path: str) -> dict[str, str]:
    """Variables of a file of assignments, as in /etc/default."""
    return dict(_assignments(seen.text(path) or ""))
