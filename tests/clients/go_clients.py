"""crane, oras, regctl and helm: built once from source with the Go toolchain at hand."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import tarfile
from pathlib import Path

from tests.clients.commands import Missing, Printed, find, run
from tests.clients.images import Image, digest_of, tar_of
from tests.clients.registry_clients import (
    Account,
    Reference,
    write_docker_configuration,
)
from tests.support.kept import kept, one_at_a_time

CACHE = kept("go-clients")
SOURCES = {
    "crane": "github.com/google/go-containerregistry/cmd/crane@v0.22.1",
    "oras": "oras.land/oras/cmd/oras@v1.3.6",
    "regctl": "github.com/regclient/regclient/cmd/regctl@v0.11.7",
    "helm": "helm.sh/helm/v3/cmd/helm@v3.22.0",
}


def built(program: str) -> str:
    """Where `program` is, built first when it is not there yet.

    Raises:
        Missing: there is no Go toolchain, or it cannot build this.
    """
    source = SOURCES[program]
    folder = CACHE / source.rpartition("@")[2]
    path = folder / program
    with one_at_a_time(folder):
        if not path.exists():
            _build(source, folder)
    if not path.exists():
        raise Missing(f"`go install {source}` left nothing behind")
    return str(path)


def _build(source: str, folder: Path) -> None:
    environment = {
        "GOBIN": str(folder),
        "GOPATH": str(CACHE / "path"),
        "GOCACHE": str(CACHE / "objects"),
        "GOFLAGS": "-modcacherw",
        "CGO_ENABLED": "0",
    }
    printed = run([find("go"), "install", source], environment=environment, seconds=900)
    if printed.exit_code != 0:
        raise Missing(f"`go install {source}` failed: {printed.text[-500:]}")


class _GoClient:
    """What the four have in common: Docker's configuration file, in a folder of their own.

    Args:
        folder: home folder of the client.
        program: its name.
    """

    def __init__(self, folder: Path, program: str) -> None:
        self._folder = folder
        self._name = program
        self._program = built(program)

    def version(self) -> str:
        """The version it was built from."""
        return SOURCES[self._name].rpartition("@v")[2]

    def remember(self, host: str, account: Account) -> None:
        """Write Docker's configuration file."""
        write_docker_configuration(self._folder, host, account)

    def _run(self, *words: str, typed: str = "") -> Printed:
        home = str(self._folder)
        environment = {
            "HOME": home,
            "DOCKER_CONFIG": home,
            "REGCTL_CONFIG": f"{home}/regctl.json",
            "HELM_REGISTRY_CONFIG": f"{home}/config.json",
            "HELM_CONFIG_HOME": home,
            "HELM_CACHE_HOME": f"{home}/cache",
            "HELM_DATA_HOME": f"{home}/data",
        }
        return run(
            [self._program, *words], environment=environment, typed=typed, folder=self._folder
        )


class Crane(_GoClient):
    """`crane`, which takes plain HTTP on loopback by itself."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "crane")

    def log_in(self, host: str, account: Account) -> Printed:
        """Write the file that `crane auth login` writes; neither asks the registry."""
        self.remember(host, account)
        return Printed(f"(a note for {host})", 0, "")

    def push(self, reference: Reference, image: Image) -> Printed:
        """`crane push` of an archive."""
        archive = image.write_docker_archive(self._folder / "image.tar", "image:latest")
        return self._run("push", str(archive), str(reference))

    def pull(self, reference: Reference) -> Printed:
        """`crane pull` into a new image layout."""
        target = self._folder / "pulled"
        shutil.rmtree(target, ignore_errors=True)
        printed = self._run("pull", "--format", "oci", str(reference), str(target))
        return _with_digest(printed, target)


class Oras(_GoClient):
    """`oras`, which stores any files as artifacts."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "oras")

    def log_in(self, host: str, account: Account) -> Printed:
        """`oras login`."""
        return self._run(
            *("login", "--plain-http", host, "--username", account.user_name, "--password-stdin"),
            typed=account.password,
        )

    def push(self, reference: Reference, image: Image) -> Printed:
        """`oras push` of one file."""
        (self._folder / "words.bin").write_bytes(image.layers[-1])
        return self._run("push", "--plain-http", str(reference), "words.bin:text/plain")

    def pull(self, reference: Reference) -> Printed:
        """`oras pull` into an empty folder."""
        shutil.rmtree(self._folder / "pulled", ignore_errors=True)
        printed = self._run("pull", "--plain-http", "--output", "pulled", str(reference))
        return _with_printed_digest(printed)


class Regctl(_GoClient):
    """`regctl`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "regctl")

    def log_in(self, host: str, account: Account) -> Printed:
        """`regctl registry login`."""
        self._plain(host)
        return self._run(
            *("registry", "login", host, "--user", account.user_name, "--pass-stdin"),
            typed=account.password,
        )

    def remember(self, host: str, account: Account) -> None:
        """`regctl registry login` that leaves out the check."""
        self._plain(host)
        self._run(
            *("registry", "login", host, "--skip-check"),
            *("--user", account.user_name, "--pass-stdin"),
            typed=account.password,
        ).expect_success()

    def push(self, reference: Reference, image: Image) -> Printed:
        """`regctl image copy` from an image layout."""
        self._plain(reference.host)
        layout = self._folder / "pushed"
        shutil.rmtree(layout, ignore_errors=True)
        archive = image.write_oci_archive(self._folder / "image.tar", reference.tag)
        with tarfile.open(archive) as opened:
            # The filters came with 3.11.4; this archive was written a moment ago by the test.
            if hasattr(tarfile, "data_filter"):
                opened.extraction_filter = tarfile.data_filter
            opened.extractall(layout)  # noqa: S202
        return self._run("image", "copy", f"ocidir://{layout}:{reference.tag}", str(reference))

    def pull(self, reference: Reference) -> Printed:
        """`regctl image copy` into a new image layout."""
        self._plain(reference.host)
        target = self._folder / "pulled"
        shutil.rmtree(target, ignore_errors=True)
        printed = self._run("image", "copy", str(reference), f"ocidir://{target}:{reference.tag}")
        return _with_digest(printed, target)

    def _plain(self, host: str) -> None:
        self._run("registry", "set", host, "--tls", "disabled", "--skip-check").expect_success()


class Helm(_GoClient):
    """`helm`, which stores charts; the chart is called like the end of the repository's name."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "helm")

    def log_in(self, host: str, account: Account) -> Printed:
        """`helm registry login`."""
        return self._run(
            *("registry", "login", "--plain-http", host),
            *("--username", account.user_name, "--password-stdin"),
            typed=account.password,
        )

    def push(self, reference: Reference, image: Image) -> Printed:
        """`helm push` of a chart whose version is the tag."""
        place, _, name = reference.repository.rpartition("/")
        description = f"apiVersion: v2\nname: {name}\nversion: {reference.tag}\n"
        members = {f"{name}/Chart.yaml": description.encode(), f"{name}/words": image.config}
        chart = self._folder / f"{name}-{reference.tag}.tgz"
        chart.write_bytes(gzip.compress(tar_of(members), mtime=0))
        return self._run("push", "--plain-http", str(chart), f"oci://{reference.host}/{place}")

    def pull(self, reference: Reference) -> Printed:
        """`helm pull` of one version."""
        chart = f"oci://{reference.host}/{reference.repository}"
        words = ("pull", "--plain-http", chart, "--version", reference.tag)
        target = self._folder / "pulled"
        target.mkdir(exist_ok=True)
        return _with_printed_digest(self._run(*words, "--destination", str(target)))


def _with_printed_digest(printed: Printed) -> Printed:
    found = re.search(r"^Digest: (sha256:[0-9a-f]{64})$", printed.text, re.MULTILINE)
    digest = found.group(1) if found else None
    return Printed(printed.command, printed.exit_code, printed.text, digest)


def _with_digest(printed: Printed, layout: Path) -> Printed:
    """`printed` with the digest of the only manifest in an image layout, checked against it."""
    index = layout / "index.json"
    if printed.exit_code != 0 or not index.exists():
        return printed
    claimed: str = json.loads(index.read_text())["manifests"][0]["digest"]
    stored = layout / "blobs" / "sha256" / claimed.removeprefix("sha256:")
    return Printed(printed.command, printed.exit_code, printed.text, digest_of(stored.read_bytes()))
