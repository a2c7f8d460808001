"""`az acr import`: from another server, within this one, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pytest
from tests.az.azure_cli import Az
from tests.az.harbour import Harbour
from tests.clients.images import Image, build_image
from tests.support.live_server import LiveServer, live_server

pytestmark = [pytest.mark.live, pytest.mark.clients]

IMPORT: Final = ("acr", "import", "--name", "pratique")


@dataclass(frozen=True)
class Source:
    """Another server with the image `team/app:v1`."""

    server: LiveServer
    image: Image

    @property
    def credentials(self) -> tuple[str, ...]:
        """Its owner's, as az takes them."""
        name, password = self.server.owner
        return ("--username", name, "--password", password)


@pytest.fixture(scope="module")
def source(
    harbour: Harbour, boss: Az, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Source]:
    """It, running."""
    folder = tmp_path_factory.mktemp("source")
    image = build_image("from afar")
    archive = image.write_oci_archive(folder / "image.tar", "i:latest")
    with live_server(folder / "data", workers=1, port=harbour.import_port) as server:
        name, password = server.owner
        done = boss.beside(
            *("skopeo", "copy", "--quiet", "--dest-creds", f"{name}:{password}"),
            *("--dest-tls-verify=false", f"oci-archive:{archive}"),
            f"docker://{server.host}/team/app:v1",
        )
        assert done.code == 0, done.err
        yield Source(server, image)


def digests(boss: Az, repository: str) -> dict[str, list[str]]:
    """Manifests of a repository, with their tags."""
    listed = boss("acr", "manifest", "list-metadata", "--registry", "pratique", "-n", repository)
    return {each["digest"]: each.get("tags") or [] for each in listed}


def test_from_another_server(boss: Az, source: Source) -> None:
    """By tag under another name, by digest, and under its own name."""
    image = f"{source.server.host}/team/app"
    by_tag = ("--source", f"{image}:v1", "--image", "base/app:1", "--image", "base/app:2")
    boss(*IMPORT, *by_tag, *source.credentials)
    assert digests(boss, "base/app") == {source.image.digest: ["1", "2"]}
    by_digest = ("--source", f"{image}@{source.image.digest}", "--repository", "pinned/app")
    boss(*IMPORT, *by_digest, *source.credentials)
    assert digests(boss, "pinned/app") == {source.image.digest: []}
    boss(*IMPORT, "--source", f"{image}:v1", *source.credentials)
    assert digests(boss, "team/app") == {source.image.digest: ["v1"]}


def test_a_tag_is_moved_only_by_force(boss: Az, source: Source) -> None:
    """As ACR says."""
    words = ("--source", f"{source.server.host}/team/app:v1", "--image", "forced/app:v1")
    boss(*IMPORT, *words, *source.credentials)
    said = boss.refused(*IMPORT, *words, *source.credentials)
    assert "(Conflict) the tag `forced/app:v1` exists already in the target registry" in said
    boss(*IMPORT, *words, *source.credentials, "--force")


def test_within_the_registry(harbour: Harbour, boss: Az) -> None:
    """By login server, by name, and by resource id."""
    image = harbour.push(boss, "staging/app", "v1")
    for number, words in enumerate(
        (
            ("--source", f"{harbour.login_server}/staging/app:v1"),
            ("--source", "staging/app:v1", "--registry", "pratique"),
            ("--source", "staging/app:v1", "--registry", harbour.scope),
        )
    ):
        boss(*IMPORT, *words, "--image", f"prod{number}/app:v1")
        assert digests(boss, f"prod{number}/app") == {image.digest: ["v1"]}


def test_what_is_refused(boss: Az, source: Source) -> None:
    """Hosts that are not allowed, images that are not there, and wrong passwords, in words."""
    said = boss.refused(*IMPORT, "--source", "quay.io/team/app:v1")
    assert "pratique serve --import-from quay.io" in said
    image = ("--source", f"{source.server.host}/team/none:v1", *source.credentials)
    assert "has not `v1` in `team/none`" in boss.refused(*IMPORT, *image, code=3)
    words = ("--source", f"{source.server.host}/team/app:v1", "--image", "wrong/app:v1")
    wrong = (*words, "-u", "owner", "-p", "wrong")
    assert "does not let these credentials pull" in boss.refused(*IMPORT, *wrong)


def test_without_the_right(harbour: Harbour, source: Source) -> None:
    """AcrPush is not enough; Azure's role for it is."""
    words = ("--source", f"{source.server.host}/team/app:v1", "--image", "right/app:v1")
    pusher = harbour.robot("pusher", "AcrPush", "Reader")
    az = harbour.signed_in(pusher["client_id"], pusher["secret"])
    said = az.refused(*IMPORT, *words, *source.credentials)
    assert "importImage/action" in said
    role = "Container Registry Data Importer and Data Reader"
    importer = harbour.robot("importer", role)
    az = harbour.signed_in(importer["client_id"], importer["secret"])
    az(*IMPORT, *words, *source.credentials)
