"""What is read of az's own files: enough, never its secrets, and nothing of it is run."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.diagnosis.machines import DictFiles, HandClock, memory_machine

from pratique.diagnosis.facts.azure_cli import AzSettings, Remembered
from pratique.diagnosis.settings_of_clients import read_azure_cli
from pratique.diagnosis.settings_of_clients.azure_http_cache import remembered_refusals

FOLDER = "/home/ann/.azure"
NOW = datetime.fromtimestamp(1_000_000, UTC)
URL = "https://registry.example.com/t/oauth2/v2.0/token"


class _Answer:
    """As MSAL keeps an answer: an object of a class of its own."""

    def __init__(self) -> None:
        self.status_code = 400
        self.text = "{}"
        self.headers = {"content-type": "application/json"}


def _cache(*entries: tuple[str, int], protocol: int = pickle.DEFAULT_PROTOCOL) -> bytes:
    """A cache with these keys, each with the second in which it expires."""
    at = 999_990
    listed = [[expires, at, key] for key, expires in entries]
    index = (listed, {key: [expires, at] for key, expires in entries})
    content: dict[str, object] = {key: _Answer() for key, _ in entries}
    return pickle.dumps({**content, "_index_": index}, protocol=protocol)


@pytest.mark.parametrize("protocol", [4, 5])
def test_refusals_are_found_in_what_msal_wrote(protocol: int) -> None:
    """Those that are still remembered, by their address; answers that were no refusal are not."""
    until = int(NOW.timestamp()) + 40
    content = _cache(
        (f"POST {URL} hash=1 400", until),
        (f"POST {URL} client_id=c scope=s hash=2 429/5xx/Retry-After", until + 1),
        (f"POST {URL} hash=3 400", int(NOW.timestamp()) - 1),
        (f"GET {URL} hash=4 2xx", until),
        protocol=protocol,
    )
    found = remembered_refusals(content, NOW)
    later = datetime.fromtimestamp(until, UTC)
    assert found == (Remembered(URL, later), Remembered(URL, later + timedelta(seconds=1)))


_SPRUNG: list[str] = []


def _spring(word: str) -> str:
    _SPRUNG.append(word)
    return word


class _Trap:
    """Runs when a pickle with it is read the usual way."""

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return _spring, ("caught",)


def test_a_pickle_is_not_run() -> None:
    """What would run something is passed over, and what stands beside it is read."""
    _SPRUNG.clear()
    until = int(NOW.timestamp()) + 40
    key = f"POST {URL} hash=1 400"
    index = ([[until, until - 60, key]], {key: [until, until - 60]})
    content = pickle.dumps({"trap": _Trap(), key: _Trap(), "_index_": index})
    assert len(remembered_refusals(content, NOW)) == 1
    assert _SPRUNG == []
    pickle.loads(content)  # noqa: S301 - to see that the trap is one
    assert _SPRUNG


@given(st.binary(max_size=300), st.integers(0, 200))
def test_whatever_the_cache_holds_it_ends(noise: bytes, at: int) -> None:
    """Any bytes, and any bytes in the middle of a right file, give refusals or nothing."""
    right = _cache((f"POST {URL} hash=1 400", int(NOW.timestamp()) + 40))
    for content in (noise, right[:at] + noise + right[at:], right[:at]):
        assert len(remembered_refusals(content, NOW)) <= 200


@given(st.binary(max_size=200))
def test_whatever_the_files_hold_it_ends(noise: bytes) -> None:
    """Files that are not az's give an az that was never set up."""
    names = ("clouds.config", "config", "azureProfile.json", "msal_http_cache.bin")
    machine = memory_machine({f"{FOLDER}/{name}": noise for name in names})
    assert read_azure_cli(machine).folder == FOLDER


class _Watched(DictFiles):
    """Files that remember who was read."""

    def __init__(self) -> None:
        super().__init__({})
        self.read_paths: list[str] = []

    def read(self, path: str) -> bytes:
        """Remember, and have nothing."""
        self.read_paths.append(path)
        return super().read(path)


def test_files_with_secrets_are_never_opened() -> None:
    """Of az's folder these four are read, and no other."""
    files = _Watched()
    read_azure_cli(replace(memory_machine({}), files=files, clock=HandClock()))
    names = ("config", "clouds.config", "azureProfile.json", "msal_http_cache.bin")
    assert set(files.read_paths) == {f"{FOLDER}/{name}" for name in names}


def test_an_az_that_was_never_used() -> None:
    """No files and no variables: az as it begins."""
    assert read_azure_cli(memory_machine({})) == AzSettings(FOLDER)


@pytest.mark.parametrize(
    ("file", "variable", "on", "source"),
    [
        (None, None, True, ""),
        ("false", None, False, f"{FOLDER}/config"),
        ("No", None, False, f"{FOLDER}/config"),
        ("true", None, True, f"{FOLDER}/config"),
        ("false", "true", True, "AZURE_CORE_INSTANCE_DISCOVERY"),
        (None, "0", False, "AZURE_CORE_INSTANCE_DISCOVERY"),
    ],
)
def test_instance_discovery(
    file: str | None, variable: str | None, source: str, *, on: bool
) -> None:
    """A variable counts before the file, and both take az's words for no."""
    files = {f"{FOLDER}/config": f"[core]\ninstance_discovery = {file}\n"} if file else {}
    known = {"AZURE_CORE_INSTANCE_DISCOVERY": variable} if variable is not None else {}
    found = read_azure_cli(memory_machine(files, environment=known))
    assert (found.instance_discovery, found.discovery_source) == (on, source)


def test_which_cloud_leads_to_a_host() -> None:
    """By either address, without regard to case and to the port of https; the active one first."""
    text = "\n".join(
        f"[{name}]\nendpoint_resource_manager = {manager}\nendpoint_active_directory = {login}\n"
        for name, manager, login in (
            ("A", "https://arm.example.com", "https://Login.example.com:443/"),
            ("B", "https://arm.example.com:8443", "https://x.example.com"),
            ("C", "https://arm.example.com", "https://y.example.com"),
            ("AzureCloud", "https://arm.example.com", "https://z.example.com"),
        )
    )
    files = {f"{FOLDER}/clouds.config": text, f"{FOLDER}/config": "[cloud]\nname = C\n"}
    found = read_azure_cli(memory_machine(files))

    def named(*hosts: str) -> str | None:
        cloud = found.cloud_of(*hosts)
        return cloud.name if cloud else None

    assert named("login.example.com") == "A"
    assert named("ARM.example.com:8443") == "B"
    assert named("arm.example.com") == "C"
    assert named("z.example.com") is None
    assert named("nowhere.example.com", "x.example.com") == "B"
