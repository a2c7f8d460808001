"""The official OCI conformance programme: built once, run against a registry, its findings read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from tests.clients.commands import find, run
from tests.support.kept import kept, one_at_a_time
from tests.support.live_server import LiveServer

SOURCE: Final = "github.com/opencontainers/distribution-spec/conformance"
VERSION: Final = "v0.0.0-20260831232431-97274622c111"
CACHE: Final = kept("conformance", VERSION)
BUILD_DEADLINE_SECONDS: Final = 900.0
RUN_DEADLINE_SECONDS: Final = 300.0

# Every switch of this version. Only `CACHE_AUTH`, which is a way to run, is set elsewhere; the
# `RO_DATA` lists replace pushed content on registries that take no pushes, so they exclude these.
SWITCHES: Final = (
    *("API_PING", "API_PULL", "API_PUSH", "API_REFERRER"),
    *("API_BLOBS_ATOMIC", "API_BLOBS_DELETE", "API_BLOBS_DIGEST_HEADER"),
    *("API_BLOBS_MOUNT_ANONYMOUS", "API_BLOBS_UPLOAD_CANCEL"),
    *("API_MANIFESTS_ATOMIC", "API_MANIFESTS_DELETE", "API_MANIFESTS_DIGEST_HEADER"),
    *("API_MANIFESTS_TAG_PARAM", "API_TAGS_ATOMIC", "API_TAGS_DELETE", "API_TAGS_LIST"),
    *("DATA_IMAGE", "DATA_INDEX", "DATA_INDEX_LIST", "DATA_SPARSE", "DATA_ARTIFACT"),
    *("DATA_SUBJECT", "DATA_SUBJECT_MISSING", "DATA_ARTIFACT_LIST", "DATA_SUBJECT_LIST"),
    *("DATA_DATA_FIELD", "DATA_NONDISTRIBUTABLE", "DATA_CUSTOM_FIELDS", "DATA_NO_LAYERS"),
    *("DATA_EMPTY_BLOB", "DATA_SHA512"),
)


@dataclass(frozen=True)
class Check:
    """One check of the programme.

    Attributes:
        name: its path, as `OCI Conformance Test/sha256 blobs/mount/blob-mount`.
        status: `passed`, `skipped`, `failure` or `error`.
        said: what was expected and received, when it did not pass.
    """

    name: str
    status: str
    said: str


@dataclass(frozen=True)
class Findings:
    """What a run found out.

    Attributes:
        checks: all of them, in the order of their running.
        totals: the programme's own count of `failures`, `errors`, `skipped` and `disabled`.
        apis: for each operation of the specification, the best of `Pass` and `Skip`, or worse.
        data: the same for each kind of content.
        switched_off: settings that were false.
    """

    checks: tuple[Check, ...]
    totals: dict[str, int]
    apis: dict[str, str]
    data: dict[str, str]
    switched_off: tuple[str, ...]

    @property
    def not_passed(self) -> dict[str, str]:
        """What was said, by the name of each check that failed, broke or was left out."""
        return {check.name: check.said for check in self.checks if check.status != "passed"}


def built() -> Path:
    """Where the programme is, built from its source when it is not there yet.

    Raises:
        Missing: there is no Go toolchain.
        AssertionError: the toolchain could not build it.
    """
    path = CACHE / "conformance"
    with one_at_a_time(CACHE):
        if not path.exists():
            go = find("go")
            environment = {"GOBIN": str(CACHE), "CGO_ENABLED": "0"}
            words = [go, "install", f"{SOURCE}@{VERSION}"]
            run(words, environment=environment, seconds=BUILD_DEADLINE_SECONDS).expect_success()
    return path


def examine(programme: Path, server: LiveServer, folder: Path, *, keep_tokens: bool) -> Findings:
    """Run all checks against `server` as its owner.

    Args:
        programme: as built.
        server: an empty registry.
        folder: working directory, which receives the reports.
        keep_tokens: whether a token is used again for requests of the same kind.

    Raises:
        AssertionError: the programme did not come to its end.
    """
    user_name, password = server.owner
    environment = {f"OCI_{switch}": "true" for switch in SWITCHES} | {
        "OCI_VERSION": "1.1",
        "OCI_REGISTRY": server.host,
        "OCI_TLS": "disabled",
        "OCI_USERNAME": user_name,
        "OCI_PASSWORD": password,
        "OCI_CACHE_AUTH": "true" if keep_tokens else "false",
        "OCI_RESULTS_DIR": str(folder),
        "OCI_LOG": "error",
    }
    printed = run(
        [str(programme)], environment=environment, folder=folder, seconds=RUN_DEADLINE_SECONDS
    )
    return read_findings(folder, printed.text)


def read_findings(folder: Path, printed: str) -> Findings:
    """The findings in the reports of a run.

    Args:
        folder: where the reports are.
        printed: what the programme printed, for people.

    Raises:
        AssertionError: a report is missing, as after a crash, which may well exit with 0.
    """
    junit, results = folder / "junit.xml", folder / "results.yaml"
    if not junit.exists() or not results.exists():
        raise AssertionError(f"the programme wrote no report:\n{printed[-2000:]}")
    root = ET.fromstring(junit.read_bytes())  # noqa: S314 - written by the programme just run
    suite = root.find("testsuite")
    counts = {} if suite is None else suite.attrib
    names = ("failures", "errors", "skipped", "disabled")
    settings, apis, data = _sections(results.read_text())
    return Findings(
        checks=tuple(
            Check(case.attrib["name"], case.attrib["status"], case.findtext("system-out") or "")
            for case in root.iter("testcase")
        ),
        totals={name: int(counts.get(name, "0")) for name in names},
        apis=_statuses(apis),
        data=_statuses(data),
        switched_off=tuple(re.findall(r"^ +(\w+): false$", settings, re.MULTILINE)),
    )


def _sections(results: str) -> tuple[str, str, str]:
    """The three sections of `results.yaml`, which come in this order."""
    found = re.fullmatch(
        r"config:\n(.+)^apis:\n(.+)^data:\n(.+)", results, re.DOTALL | re.MULTILINE
    )
    if found is None:
        raise AssertionError(f"results.yaml has another form:\n{results}")
    return found.group(1), found.group(2), found.group(3)


def _statuses(section: str) -> dict[str, str]:
    return dict(re.findall(r"^ +(.+): (\w+)$", section, re.MULTILINE))
