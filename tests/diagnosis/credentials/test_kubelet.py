"""The kubelet's choice: pull secrets in force, then its files."""

from __future__ import annotations

import base64

import pytest
from tests.diagnosis.credentials.configurations import HUB, pair
from tests.diagnosis.machines import memory_machine

from pratique.diagnosis.credentials import read_credentials
from pratique.diagnosis.credentials.entries import TOKEN_UNREAD
from pratique.diagnosis.credentials.pull_secrets import read_pull_secret
from pratique.diagnosis.facts.credentials import Client, Credentials, Kubernetes, PullSecret
from pratique.diagnosis.references import read_reference

NODE = "/var/lib/kubelet/config.json"
IMAGE = "r.example/team/app:1"


def _secret(name: str, **auths: object) -> PullSecret:
    keys = {key.replace("__", "/").replace("_", "."): entry for key, entry in auths.items()}
    text = {"auths": keys}
    return read_pull_secret(
        {
            "metadata": {"name": name, "namespace": "web"},
            "type": "kubernetes.io/dockerconfigjson",
            "stringData": {".dockerconfigjson": _json(text)},
        },
        "web",
    )


def _json(value: object) -> str:
    import json  # noqa: PLC0415 - beside its one use

    return json.dumps(value)


def _read(
    files: dict[str, object], kubernetes: Kubernetes | None = None, image: str = IMAGE
) -> Credentials:
    return read_credentials(
        memory_machine(files, user="root", home="/root"),
        read_reference(image),
        Client.CONTAINERD,
        kubernetes,
    )


def _username(found: Credentials) -> str | None:
    return found.choice.credential.username if found.choice is not None else None


def test_a_longer_key_comes_first_across_secrets() -> None:
    """All secrets in force are one ring, in which the longer path is tried first."""
    kubernetes = Kubernetes(
        "web",
        "pod-1",
        pod_secrets=("one", "two"),
        found=(
            _secret("one", r_example=pair("host")),
            _secret("two", r_example__team=pair("path")),
        ),
    )
    found = _read({NODE: {"auths": {"r.example": pair("node")}}}, kubernetes)
    assert _username(found) == "path"
    assert [source.name for source, _ in found.overridden] == ["Secret web/one", NODE]


def test_a_pod_without_secrets_does_not_get_those_of_its_account() -> None:
    """The account's list was copied when the pod was made; later additions are elsewhere."""
    kubernetes = Kubernetes(
        "web", "pod-1", "default", (), ("one",), (_secret("one", r_example=pair("a")),)
    )
    found = _read({}, kubernetes)
    assert found.choice is None
    assert [source.name for source, _ in found.elsewhere] == ["Secret web/one"]


def test_an_account_without_a_pod_counts() -> None:
    """With no pod named, the account's secrets are what a new pod would get."""
    kubernetes = Kubernetes(
        "web", "", "default", (), ("one",), (_secret("one", r_example=pair("a")),)
    )
    assert _username(_read({}, kubernetes)) == "a"


def test_a_secret_that_is_missing_is_a_source_that_is_not_there() -> None:
    """A name that is referenced and absent is shown."""
    found = _read({}, Kubernetes("web", "pod-1", pod_secrets=("gone",)))
    assert [(one.name, one.exists) for one in found.sources[:1]] == [("Secret web/gone", False)]


def test_a_broken_secret_in_force_stops_the_pull() -> None:
    """The kubelet does not pull at all when a secret in force cannot be read."""
    kubernetes = Kubernetes(
        "web",
        "pod-1",
        pod_secrets=("one", "two"),
        found=(_secret("one", r_example={"auth": "%"}), _secret("two", r_example=pair("a"))),
    )
    found = _read({}, kubernetes)
    assert found.choice is None
    assert found.sources[0].fault_kind == "malformed-secret"


def test_the_first_file_that_can_be_read_is_the_only_one() -> None:
    """The kubelet passes over a corrupt file and stops at the first good one."""
    found = _read(
        {
            NODE: "{",
            "/root/.docker/config.json": {"auths": {"other.example": pair("a")}},
            "/root/.dockercfg": {"r.example": pair("b")},
        }
    )
    assert found.choice is None
    assert [source.name for source, _ in found.elsewhere] == ["/root/.dockercfg"]


def test_without_signs_of_a_kubelet_dockers_file_counts() -> None:
    """Like nerdctl, containerd's own clients read docker's file."""
    assert (
        _username(_read({"/root/.docker/config.json": {"auths": {"r.example": pair("a")}}})) == "a"
    )


def test_dockers_file_is_elsewhere_on_a_node() -> None:
    """What a user other than root has stored does not help the kubelet."""
    found = _read(
        {
            "/var/lib/kubelet/pki/kubelet.crt": "x",
            "/home/ann/.docker/config.json": {"auths": {"r.example": pair("a")}},
        }
    )
    assert found.choice is None
    assert [source.reader for source, _ in found.elsewhere] == ["ann"]


def test_the_kubelet_reads_no_helpers_and_no_identity_tokens() -> None:
    """Only user and password of `auths` count; a token beside an empty password has a fault."""
    token = {
        "auth": base64.b64encode(b"00000000-0000-0000-0000-000000000000:").decode(),
        "identitytoken": "refresh",
    }
    found = _read({NODE: {"auths": {"r.example": token}, "credHelpers": {"r.example": "one"}}})
    assert found.choice is not None
    assert found.choice.credential.identity_token is None
    assert found.choice.entry.fault == TOKEN_UNREAD
    assert not found.helpers


@pytest.mark.parametrize("key", [HUB, "index.docker.io", "docker.io", "https://docker.io/v1/"])
def test_keys_of_docker_hub(key: str) -> None:
    """The kubelet finds Docker Hub under both of its names."""
    assert _username(_read({NODE: {"auths": {key: pair("hub")}}}, image="app")) == "hub"


def test_another_name_of_docker_hub_is_near() -> None:
    """The name of Docker Hub's server is no key."""
    found = _read({NODE: {"auths": {"registry-1.docker.io": pair("hub")}}}, image="app")
    assert found.choice is None
    assert [entry.key for _, entry in found.near] == ["registry-1.docker.io"]
