"""What az keeps about its clouds, read from its own files; az alone writes them."""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pratique.cli.failures import Failed

BUILT_IN = frozenset({"AzureCloud", "AzureChinaCloud", "AzureUSGovernment", "AzureGermanCloud"})
USUAL = "AzureCloud"


@dataclass(frozen=True, slots=True)
class Cloud:
    """A cloud that was registered with az.

    Attributes:
        resource_manager: its address, without a slash at the end.
        authority: where tokens come from, likewise.
        suffix: of login servers, with its leading dot; empty when there is none.
    """

    name: str
    resource_manager: str
    authority: str
    suffix: str


@dataclass(frozen=True, slots=True)
class AzState:
    """What az is set to.

    Attributes:
        folder: where it keeps all this.
        clouds: those that were registered.
        active: name of the one that it acts in.
        instance_discovery: whether it asks Microsoft about an authority before it uses it.
    """

    folder: Path
    clouds: tuple[Cloud, ...] = ()
    active: str = USUAL
    instance_discovery: bool = True

    def at(self, resource_manager: str) -> tuple[Cloud, ...]:
        """The clouds of one server."""
        wanted = resource_manager.rstrip("/").lower()
        return tuple(cloud for cloud in self.clouds if cloud.resource_manager.lower() == wanted)

    def named(self, name: str) -> Cloud | None:
        """The cloud of that name, None when none was registered under it."""
        return next((cloud for cloud in self.clouds if cloud.name == name), None)


def az_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where az of this environment keeps its files."""
    named = environment.get("AZURE_CONFIG_DIR")
    return Path(named).expanduser() if named else Path.home() / ".azure"


def read_az(folder: Path) -> AzState:
    """What az is set to; what is not there is as az has it from the start.

    Raises:
        Failed: a file is there and cannot be read.
    """
    clouds, settings = _read(folder / "clouds.config"), _read(folder / "config")
    found = tuple(
        Cloud(
            name,
            section.get("endpoint_resource_manager", "").rstrip("/"),
            section.get("endpoint_active_directory", "").rstrip("/"),
            section.get("suffix_acr_login_server_endpoint", ""),
        )
        for name, section in clouds.items()
        if name not in BUILT_IN | {clouds.default_section}
    )
    asks = settings.get("core", "instance_discovery", fallback="true")
    return AzState(
        folder,
        found,
        settings.get("cloud", "name", fallback=USUAL),
        instance_discovery=asks.strip().lower() not in {"0", "no", "false", "off"},
    )


def _read(path: Path) -> configparser.ConfigParser:
    found = configparser.ConfigParser(interpolation=None)
    try:
        found.read_string(path.read_text("utf-8"))
    except FileNotFoundError:
        pass
    except (OSError, ValueError, configparser.Error) as error:
        raise Failed(f"the file {path} of az cannot be read: {error}") from error
    return found
