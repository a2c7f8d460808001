"""How clients compare an image's host with stored keys."""

from __future__ import annotations

import pytest

from pratique.diagnosis.credentials.keys import (
    host_by_docker,
    host_by_podman,
    keys_for_podman,
    kubelet_key,
    kubelet_matches,
    same_host_for_people,
    shown,
)
from pratique.diagnosis.references import read_reference


@pytest.mark.parametrize(
    ("key", "host"),
    [
        ("r.example", "r.example"),
        ("https://r.example", "r.example"),
        ("http://r.example:5000/v2/", "r.example:5000"),
        ("https://r.example:/v1/", "r.example"),
        ("r.example/v2/", "r.example"),
        ("https://R.example/", "R.example"),
        ("https://user@r.example/v1/", "r.example"),
        ("https://[::1]:5000/v2/", "[::1]:5000"),
        ("https://[::1", "[::1"),
        ("https:///v2/", ""),
    ],
)
def test_host_that_docker_makes_of_a_key(key: str, host: str) -> None:
    """Docker takes scheme and path away, and nothing else."""
    assert host_by_docker(key) == host


def test_podman_looks_up_every_namespace() -> None:
    """The repository comes first, the host last."""
    image = read_reference("quay.io/org/team/app:1")
    assert list(keys_for_podman(image)) == [
        "quay.io/org/team/app",
        "quay.io/org/team",
        "quay.io/org",
        "quay.io",
    ]


@pytest.mark.parametrize(
    ("key", "old_format", "host"),
    [
        ("docker.io", False, "index.docker.io"),
        ("registry-1.docker.io", False, "index.docker.io"),
        ("https://index.docker.io/v1/", False, "index.docker.io"),
        ("https://r.example/v2/", False, "r.example"),
        ("r.example/v2/", False, "r.example/v2/"),
        ("r.example/v2/", True, "r.example"),
    ],
)
def test_host_that_podman_makes_of_a_key(key: str, old_format: bool, host: str) -> None:  # noqa: FBT001
    """Podman takes a path away only with a scheme or in the old file."""
    assert host_by_podman(key, old_format=old_format) == host


@pytest.mark.parametrize(
    ("key", "image", "matches"),
    [
        ("r.example", "r.example/a", True),
        ("https://r.example/v2/", "r.example/a", True),
        ("r.example/team", "r.example/team/a", True),
        ("r.example/team", "r.example/other/a", False),
        ("r.example:5000", "r.example/a", False),
        ("https://r.example/", "r.example:5000/a", False),
        ("r.example:5000", "r.example:5000/a", True),
        ("*.azurecr.io", "mine.azurecr.io/a", True),
        ("*.azurecr.io", "azurecr.io/a", False),
        ("*.io", "mine.azurecr.io/a", False),
        ("reg*.example", "registry.example/a", True),
        ("*.dkr.ecr.*.amazonaws.com", "1.dkr.ecr.eu-west-1.amazonaws.com/a", True),
        ("R.example", "r.example/a", False),
        ("mine.azureacr.io", "mine.azurecr.io/a", False),
    ],
)
def test_keys_that_the_kubelet_takes(key: str, image: str, matches: bool) -> None:  # noqa: FBT001
    """The kubelet compares part by part, the port too, and the path as a beginning."""
    filed = kubelet_key(key)
    assert filed is not None
    assert kubelet_matches(filed, image) is matches


def test_a_key_that_is_no_address() -> None:
    """The kubelet leaves out what it cannot parse."""
    assert kubelet_key("https://[broken") is None
    assert not kubelet_matches("[broken", "r.example/a")


@pytest.mark.parametrize(
    ("key", "image", "same"),
    [
        ("https://r.example/v2/", "r.example/a", True),
        ("r.example:443", "r.example/a", True),
        ("r.example", "r.example:443/a", True),
        ("r.example:5000", "r.example/a", True),
        ("localhost:5000", "localhost:5001/a", False),
        ("R.Example", "r.example/a", True),
        ("docker.io", "app", True),
        ("hub.docker.com", "app", True),
        ("mine.azureacr.io", "mine.azurecr.io/a", True),
        ("1.dkr.ecr.eu-west-1.amazonaws.com", "1.dkr.ecr.eu-west-2.amazonaws.com/a", False),
        ("other.example", "r.example/a", False),
    ],
)
def test_keys_that_people_take_for_the_host(key: str, image: str, same: bool) -> None:  # noqa: FBT001
    """A person overlooks scheme, path, case, a usual port and the names of Docker Hub."""
    assert same_host_for_people(key, read_reference(image)) is same


def test_a_key_is_shown_without_a_login() -> None:
    """A user and password in an address are not shown, nor are control characters."""
    assert shown("https://ann:hidden@r.example/\x1b[1m") == "https://***@r.example/?[1m"
    assert len(shown("x" * 5000)) == 300
