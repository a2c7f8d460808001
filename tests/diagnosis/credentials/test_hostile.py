"""Hostile files: no exception, and no secret in what is shown."""

from __future__ import annotations

import base64
import json

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.diagnosis.machines import ScriptedPrograms, memory_machine

from pratique.diagnosis.credentials import read_credentials
from pratique.diagnosis.credentials.kubernetes import read_manifest_files
from pratique.diagnosis.facts.credentials import Client
from pratique.diagnosis.machine import Ran
from pratique.diagnosis.references import read_reference
from pratique.diagnosis.settings_of_clients import read_settings

CANARY = "canary-7f3a"
HOST = "r.example"
_ENCODED = base64.b64encode(f"ann:{CANARY}".encode()).decode()
_SECRETS = st.sampled_from([CANARY, _ENCODED, base64.b64encode(_ENCODED.encode()).decode()])
_NAMES = st.sampled_from(
    ["auth", "identitytoken", "registrytoken", "password", "username", "email", "Auth"]
)
_KEYS = st.sampled_from(
    [HOST, f"https://ann:{CANARY}@{HOST}/", "https://[", "R.example", "r.example/a", "", "\x00"]
)
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.just("x")
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
# A user's name is shown, so that the canary stands in every member but that one.
_ENTRIES = st.dictionaries(_NAMES.filter(lambda name: name != "username"), _SECRETS | _VALUES)
_FILES = st.fixed_dictionaries(
    {},
    optional={
        "auths": st.dictionaries(_KEYS, _ENTRIES | _VALUES, max_size=4) | _VALUES,
        "credHelpers": st.dictionaries(_KEYS, st.just("one") | _VALUES, max_size=3) | _VALUES,
        "credsStore": st.just("one") | _VALUES,
    },
)
_PATHS = (
    "/home/ann/.docker/config.json",
    "/home/ann/.config/containers/auth.json",
    "/home/ann/.dockercfg",
    "/var/lib/kubelet/config.json",
    "/root/.docker/config.json",
)


def _everything(content: object, helper: Ran) -> str:
    files = dict.fromkeys(_PATHS, content)
    text = content if isinstance(content, str) else json.dumps(content)
    shown = []
    for client in Client:
        machine = memory_machine(
            files if isinstance(content, bytes) else dict.fromkeys(_PATHS, text),
            environment={"DOCKER_AUTH_CONFIG": text} if not isinstance(content, bytes) else {},
            programs=ScriptedPrograms({"docker-credential-one get": helper}),
        )
        shown.append(repr(read_credentials(machine, read_reference(f"{HOST}/a"), client)))
    return "".join(shown)


@settings(deadline=None, max_examples=300)
@given(content=_FILES, output=st.sampled_from(["{}", CANARY, f'{{"Secret": "{CANARY}"}}']))
def test_any_json_of_the_right_names(content: object, output: str) -> None:
    """Wrong types anywhere raise nothing, and no secret is in what is shown."""
    for status in (0, 1) if output != CANARY else (0,):
        shown = _everything(content, Ran(status, output, ""))
        assert CANARY not in shown
        assert _ENCODED not in shown


@settings(deadline=None, max_examples=100)
@given(content=st.binary(max_size=300))
def test_any_bytes(content: bytes) -> None:
    """Bytes of no meaning raise nothing in any reader."""
    reference = read_reference(f"{HOST}/a")
    paths = (
        *_PATHS,
        "/etc/docker/daemon.json",
        "/etc/containerd/config.toml",
        "/etc/containerd/certs.d/r.example/hosts.toml",
        "/etc/containers/registries.conf",
        "/etc/systemd/system/docker.service",
        "/var/lib/kubelet/kubeadm-flags.env",
        "/etc/passwd",
    )
    machine = memory_machine(dict.fromkeys(paths, content))
    for client in Client:
        read_credentials(machine, reference, client)
        read_settings(machine, reference, client)
    read_manifest_files(machine, paths)


def test_nested_huge_and_endless() -> None:
    """Deep nesting, many entries, long keys and great numbers raise nothing."""
    for content in (
        "[" * 200_000,
        '{"auths":' * 50_000,
        json.dumps({"auths": {f"{number}.example": {} for number in range(20_000)}}),
        json.dumps({"auths": {"x" * 500_000: {"auth": "y" * 400_000}}}),
        '{"auths": {"r.example": {"auth": ' + "9" * 10_000 + "}}}",
        " " * 1_100_000,
    ):
        assert CANARY not in _everything(content, Ran(0, "{}", ""))
