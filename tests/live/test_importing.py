"""Imports between real servers, by Pratique's own command line; Podman pulls what came."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.clients.container_tools import Podman, Skopeo
from tests.clients.images import Image, build_image, digest_of
from tests.clients.registry_clients import Account, Reference
from tests.diagnosis.bed.harness import Unavailable
from tests.diagnosis.bed.real_servers import HTPASSWD_PASSWORD, docker_registry
from tests.support.certificates import Authority
from tests.support.live_server import LiveServer, free_port, live_server, pratique_command

pytestmark = [pytest.mark.live, pytest.mark.clients]

IMAGE = build_image("from elsewhere")


@dataclass(frozen=True)
class World:
    """Who there is.

    Attributes:
        server: into which is imported.
        second: another Pratique, with the image as `team/app:v1`.
        debian: host of Debian's registry, over TLS, with the image as `team/app:v1`; the user is
            `ana`.
        strange: a host that the operator did not allow.
    """

    server: LiveServer
    second: LiveServer
    debian: str
    strange: str


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Three servers."""
    folder = tmp_path_factory.mktemp("importing")
    (folder / "docker").mkdir()
    (folder / "skopeo").mkdir()
    pair, trusted = _pair(folder)
    second_port = free_port()
    skopeo = Skopeo(folder / "skopeo")
    try:
        with (
            docker_registry(folder / "docker", pair) as debian,
            live_server(folder / "second", workers=1, port=second_port) as second,
            live_server(
                folder / "data",
                options=(
                    *("--import-from", f"127.0.0.1:{debian.port}"),
                    *("--import-from", f"http://{second.host}"),
                ),
                environment={"SSL_CERT_FILE": str(trusted)},
            ) as server,
        ):
            host = f"127.0.0.1:{debian.port}"
            for at, account in (
                (host, Account("ana", "ana", HTPASSWD_PASSWORD)),
                (second.host, Account("owner", *second.owner)),
            ):
                skopeo.remember(at, account)
                skopeo.push(Reference(at, "team/app", "v1"), IMAGE).expect_success()
            yield World(server, second, host, f"127.0.0.1:{free_port()}")
    except Unavailable as missing:
        pytest.skip(str(missing))


def _pair(folder: Path) -> tuple[Path, Path]:
    """A certificate with its key for 127.0.0.1, and whom to trust for it."""
    authority = Authority.new()
    authority.issue(folder / "cert.pem", folder / "key.pem", "127.0.0.1")
    pair, trusted = folder / "pair.pem", folder / "trusted.pem"
    pair.write_bytes((folder / "cert.pem").read_bytes() + (folder / "key.pem").read_bytes())
    trusted.write_bytes(authority.pem)
    return pair, trusted


class Person:
    """Somebody with a login of Pratique's own command line."""

    def __init__(self, server: LiveServer, home: Path) -> None:
        self._environment = {**os.environ, "HOME": str(home)}
        self._environment.pop("XDG_CONFIG_HOME", None)
        name, password = server.owner
        self("login", server.url, "-u", name, "--password-stdin", typed=password)

    def __call__(self, *words: str, typed: str = "", fails: bool = False) -> str:
        """What a verb prints."""
        done = subprocess.run(
            [*pratique_command(), *words],
            check=False,
            capture_output=True,
            text=True,
            input=typed,
            env=self._environment,
            timeout=120,
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def boss(world: World, tmp_path: Path) -> Person:
    """The owner, logged in over HTTP."""
    home = tmp_path / "home"
    home.mkdir()
    return Person(world.server, home)


def pulled(world: World, repository: str, tag: str) -> str | None:
    """The digest of what Podman gets."""
    # Podman takes no long paths.
    with tempfile.TemporaryDirectory(prefix="p") as folder:
        podman = Podman(Path(folder))
        podman.remember(world.server.host, Account("owner", *world.server.owner))
        done = podman.pull(Reference(world.server.host, repository, tag))
        return done.expect_success().digest


def test_from_debians_registry_with_a_password(world: World, boss: Person) -> None:
    """Over TLS that is checked; the image is the same to the last byte."""
    source = f"{world.debian}/team/app:v1"
    said = boss("import", source, "--as", "base/app:1", fails=True)
    assert "does not let anonymous callers pull" in said
    words = ("import", source, "--as", "base/app:1", "-u", "ana", "--password-stdin")
    said = boss(*words, typed=HTPASSWD_PASSWORD)
    assert f"Imported {source}: {IMAGE.digest}" in said
    assert pulled(world, "base/app", "1") == IMAGE.digest
    assert HTPASSWD_PASSWORD not in world.server.log.read_text()


def test_from_another_pratique_with_a_token(world: World, boss: Person) -> None:
    """As a service principal of that one, which may pull there and nothing else."""
    robot = world.second.pratique("sp", "create", f"robot-{os.urandom(4).hex()}")
    source = f"{world.second.host}/team/app@{IMAGE.digest}"
    words = ("import", source, "--as", "other/app:v1", "-u", robot["client_id"], "--password-stdin")
    assert "does not let these credentials pull" in boss(*words, typed=robot["secret"], fails=True)
    world.second.pratique("role", "assign", "AcrPull", "--to", robot["object_id"])
    boss(*words, typed=robot["secret"])
    assert pulled(world, "other/app", "v1") == IMAGE.digest


def test_within_the_server(world: World, boss: Person) -> None:
    """From one repository to another, and not over a tag that is there."""
    words = ("import", f"{world.debian}/team/app:v1", "-u", "ana", "--password-stdin", "--force")
    boss(*words, "--as", "staging/app:v1", typed=HTPASSWD_PASSWORD)
    boss("import", "staging/app:v1", "--as", "prod/app:v1")
    said = boss("import", "staging/app:v1", "--as", "prod/app:v1", fails=True)
    assert "the tag `prod/app:v1` exists already in the target registry" in said
    boss("import", "staging/app:v1", "--as", "prod/app:v1", "--force")


def test_other_hosts_are_refused(world: World, boss: Person) -> None:
    """With the option that allows them."""
    said = boss("import", f"{world.strange}/team/app:v1", fails=True)
    assert f"pratique serve --import-from {world.strange}" in said


def test_a_certificate_of_an_unknown_authority_is_refused(world: World, tmp_path: Path) -> None:
    """Whoever owns the folder says whom to ask; whom to trust is the machine's business."""
    environment = {**os.environ, "PRATIQUE_IMPORT_FROM": world.debian}
    environment.pop("SSL_CERT_FILE", None)
    done = subprocess.run(
        [
            *(*pratique_command(), "import", f"{world.debian}/team/app:v1"),
            *("--data", str(world.server.data), "-u", "ana", "--password-stdin"),
        ],
        check=False,
        capture_output=True,
        text=True,
        input=HTPASSWD_PASSWORD,
        env=environment,
        timeout=120,
        cwd=tmp_path,
    )
    assert done.returncode != 0
    assert "certificate verify failed" in done.stderr.lower()


def test_in_the_folder_itself(world: World) -> None:
    """Beside the server, without asking it; it serves the image at once."""
    environment = {**os.environ, "PRATIQUE_IMPORT_FROM": f"http://{world.second.host}"}
    name, password = world.second.owner
    done = subprocess.run(
        [
            *(*pratique_command(), "import", f"{world.second.host}/team/app:v1"),
            *("--data", str(world.server.data), "--as", "folder/app:v1"),
            *("-u", name, "--password-stdin"),
        ],
        check=False,
        capture_output=True,
        text=True,
        input=password,
        env=environment,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    listed = world.server.pratique("repo", "tags", "folder/app")
    assert "v1" in str(listed)


def test_an_index_with_two_platforms(world: World, boss: Person, tmp_path: Path) -> None:
    """All of it comes, from one Pratique to another."""
    images = {"amd64": build_image("one platform"), "arm64": build_image("another platform")}
    _push_index(world.second, tmp_path, images)
    name, password = world.second.owner
    words = ("import", f"{world.second.host}/multi/app:all", "-u", name, "--password-stdin")
    boss(*words, typed=password)
    listed = str(world.server.pratique("repo", "manifests", "multi/app"))
    assert all(image.digest in listed for image in images.values())


def _push_index(server: LiveServer, folder: Path, images: dict[str, Image]) -> None:
    """Push images, and an index of them as `multi/app:all`."""
    (folder / "pushing").mkdir()
    skopeo = Skopeo(folder / "pushing")
    skopeo.remember(server.host, Account("owner", *server.owner))
    described = []
    for architecture, image in images.items():
        reference = Reference(server.host, "multi/app", architecture)
        skopeo.push(reference, image).expect_success()
        described.append(
            {
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": digest_of(image.manifest),
                "size": len(image.manifest),
                "platform": {"os": "linux", "architecture": architecture},
            }
        )
    index = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": described,
    }
    pair = b64encode(":".join(server.owner).encode()).decode()
    request = urllib.request.Request(
        f"{server.url}/v2/multi/app/manifests/all",
        data=json.dumps(index).encode(),
        method="PUT",
        headers={"authorization": f"Basic {pair}", "content-type": str(index["mediaType"])},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 201
