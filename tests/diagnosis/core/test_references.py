"""What a client makes of an image's name, and what of a login's host."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.diagnosis.references import (
    Misread,
    Reference,
    read_host,
    read_reference,
    split_port,
)

_A = "a" * 64
_SHA256 = f"sha256:{_A}"
_SHA512 = f"sha512:{_A}{_A}"

# Text, and host, repository, tag and digest that it means.
READ = (
    ("ubuntu", "docker.io", "library/ubuntu", "latest", ""),
    ("ubuntu:24.04", "docker.io", "library/ubuntu", "24.04", ""),
    ("grafana/grafana", "docker.io", "grafana/grafana", "latest", ""),
    ("docker.io/ubuntu", "docker.io", "library/ubuntu", "latest", ""),
    ("docker.io/grafana/grafana:1", "docker.io", "grafana/grafana", "1", ""),
    ("index.docker.io/ubuntu", "docker.io", "library/ubuntu", "latest", ""),
    ("registry-1.docker.io/library/ubuntu", "registry-1.docker.io", "library/ubuntu", "latest", ""),
    ("library/ubuntu", "docker.io", "library/ubuntu", "latest", ""),
    ("a/b/c/d", "docker.io", "a/b/c/d", "latest", ""),
    ("docker.io", "docker.io", "library/docker.io", "latest", ""),
    ("localhost", "docker.io", "library/localhost", "latest", ""),
    ("localhost:5000", "docker.io", "library/localhost", "5000", ""),
    ("localhost/app", "localhost", "app", "latest", ""),
    ("localhost:5000/app", "localhost:5000", "app", "latest", ""),
    ("localhost:5000/app:5000", "localhost:5000", "app", "5000", ""),
    ("registry:5000/app", "registry:5000", "app", "latest", ""),
    ("registry/app", "docker.io", "registry/app", "latest", ""),
    ("registry.example.com/app", "registry.example.com", "app", "latest", ""),
    ("registry.example.com:443/team/app:v1", "registry.example.com:443", "team/app", "v1", ""),
    ("REGISTRY.example.com/app", "REGISTRY.example.com", "app", "latest", ""),
    ("Registry/app", "Registry", "app", "latest", ""),
    ("Localhost/app", "Localhost", "app", "latest", ""),
    ("UPPER:5000/app", "UPPER:5000", "app", "latest", ""),
    ("127.0.0.1/app", "127.0.0.1", "app", "latest", ""),
    ("127.0.0.1:5000/app", "127.0.0.1:5000", "app", "latest", ""),
    ("[::1]/app", "[::1]", "app", "latest", ""),
    ("[2001:db8::1]:5000/app:1", "[2001:db8::1]:5000", "app", "1", ""),
    (f"app@{_SHA256}", "docker.io", "library/app", "", _SHA256),
    (f"app:1@{_SHA256}", "docker.io", "library/app", "1", _SHA256),
    (f"h.io:5000/app:1@{_SHA256}", "h.io:5000", "app", "1", _SHA256),
    (f"h.io/app@{_SHA512}", "h.io", "app", "", _SHA512),
    (f"{_A}:x", "docker.io", f"library/{_A}", "x", ""),
    (f"h.io/{_A}", "h.io", _A, "latest", ""),
    ("app:_x", "docker.io", "library/app", "_x", ""),
    ("app:V1.0-rc_1", "docker.io", "library/app", "V1.0-rc_1", ""),
    (f"app:{'t' * 128}", "docker.io", "library/app", "t" * 128, ""),
    ("a__b", "docker.io", "library/a__b", "latest", ""),
    ("a--b", "docker.io", "library/a--b", "latest", ""),
    ("a---b.c_d", "docker.io", "library/a---b.c_d", "latest", ""),
    ("xn--80ak6aa92e.com/app", "xn--80ak6aa92e.com", "app", "latest", ""),
    (f"h.io/{'r' * 255}", "h.io", "r" * 255, "latest", ""),
    (f"{'r' * 247}", "docker.io", f"library/{'r' * 247}", "latest", ""),
)

REFUSED = (
    "",
    " ",
    " ubuntu",
    "ubuntu ",
    "ubuntu\n",
    "ubuntu\r",
    "ub untu",
    "\u00a0ubuntu",
    "https://registry.example.com/app",
    "docker://ubuntu",
    "app:",
    "h.io/app:",
    "app@",
    "app:1@",
    "a:b:c",
    "app:-x",
    "app:.x",
    "app:ü",
    f"app:{'t' * 129}",
    "/app",
    "h.io/",
    "h.io//app",
    "h.io/app/",
    "h.io:/app",
    "h.io:port/app",
    "-h.io/app",
    "h..io/app",
    "h.io./app",
    ".io/app",
    "[::1/app",
    "[::ffff:192.0.2.1]/app",
    "::1/app",
    "ü.io/app",
    "h.io/ü",
    "h.io/\u0430pp",
    "h.io/app\u200b",
    "h.io/aPP",
    "APP",
    "team/APP:1",
    "a___b",
    "a.-b",
    "a..b",
    "_a",
    "a-",
    "app@sha256:abc",
    f"app@sha256:{_A[:36]}",
    f"app@SHA256:{_A}",
    f"app@sha256:{_A.upper()}",
    f"app@sha384:{_A}",
    f"app@md5:{_A[:32]}",
    f"app@sha256+b64:{_A}",
    f"app@{_SHA256}@{_SHA256}",
    f"app@{_A}",
    _A,
    "r" * 248,
    f"h.io/{'r' * 256}",
    "h.io/app?tag=1",
    "h.io/app#1",
    "user@h.io/app",
    "$REGISTRY/app",
    "<host>/app",
    "h.io/../app",
)

# Docker takes a port that no machine has, and fails later; for people that is no host.
REFUSED_HERE_ALONE = (
    "h.io:65536/app",
    "h.io:123456789/app",
    f"h.io:{'1' * 5000}/app",
    "a_b.io/app",
)

# Skopeo reads an address of IPv6, and a host in upper case alone, and a tag beside a digest later
# than Debian's version of it; and counts the host to the 255 characters of the name.
_OF_SKOPEO = tuple(
    text
    for text, host, repository, tag, digest in READ
    if host == host.lower() and "[" not in host and not (tag and digest) and len(repository) < 240
)


@pytest.mark.parametrize(("text", "host", "repository", "tag", "digest"), READ)
def test_names_are_read_as_clients_read_them(
    text: str, host: str, repository: str, tag: str, digest: str
) -> None:
    """Default host, `library/`, ports, tags and digests are where clients see them."""
    found = read_reference(text)
    assert (found.host, found.repository, found.tag, found.digest) == (
        host,
        repository,
        tag,
        digest,
    )


@pytest.mark.parametrize("text", REFUSED + REFUSED_HERE_ALONE)
def test_what_is_no_name_is_refused_with_a_reason(text: str) -> None:
    """A text that no client takes is refused, in words."""
    with pytest.raises(Misread) as refused:
        read_reference(text)
    assert str(refused.value)


@pytest.mark.parametrize(
    "text", [text for text, *_ in READ] + [text for text in REFUSED if text[:1] != "-"]
)
@pytest.mark.clients
def test_docker_takes_and_refuses_the_same(text: str, tmp_path: Path) -> None:
    """Docker's own programme asks its daemon for the very texts that are read here."""
    docker = _program("docker")
    nowhere = f"unix://{tmp_path}/none"
    ran = subprocess.run(
        [docker, "--config", str(tmp_path), "-H", nowhere, "pull", text],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert ("Cannot connect to the Docker daemon" in ran.stderr) is _is_read(text)


@pytest.mark.parametrize("text", _OF_SKOPEO)
@pytest.mark.clients
def test_skopeo_goes_to_the_same_host(text: str) -> None:
    """The library of podman, skopeo and buildah asks the server that is read here."""
    skopeo = _program("skopeo")
    ran = subprocess.run(
        [skopeo, "inspect", f"docker://{text}"],
        # Nothing listens there, so nothing leaves the machine.
        env={"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert f"pinging container registry {read_reference(text).server}: " in ran.stderr


def test_where_requests_go() -> None:
    """Docker Hub is asked at another name than it has in images."""
    assert [read_reference(text).server for text in ("ubuntu", "h.io:5000/app")] == [
        "registry-1.docker.io",
        "h.io:5000",
    ]
    assert [read_reference(text).name for text in ("ubuntu", "h.io:5000/app", "[::1]:1/app")] == [
        "registry-1.docker.io",
        "h.io",
        "::1",
    ]


def test_what_names_the_manifest() -> None:
    """The digest counts before the tag, as for clients."""
    assert read_reference(f"app:1@{_SHA256}").manifest == _SHA256
    assert read_reference("app:1").manifest == "1"


def test_what_was_given() -> None:
    """It is known whether host and tag were written or added."""
    texts = ("app", "app:1", "h.io/app", f"h.io/app@{_SHA256}")
    found = [read_reference(text) for text in texts]
    assert [(each.host_given, each.tag_given) for each in found] == [
        (False, False),
        (False, True),
        (True, False),
        (True, True),
    ]


@pytest.mark.parametrize(
    ("text", "uppercase"),
    [("team/APP", "team/APP"), ("h.io/Team/app:V1", "Team/app"), ("h.io/Ü", ""), ("a:-", "")],
)
def test_upper_case_is_a_reason_of_its_own(text: str, uppercase: str) -> None:
    """A repository that would be right in lower case is given back, so that it can be mended."""
    with pytest.raises(Misread) as refused:
        read_reference(text)
    assert refused.value.uppercase == uppercase


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("h.io", "h.io"),
        ("h.io:5000", "h.io:5000"),
        ("h.io/", "h.io"),
        (" h.io ", "h.io"),
        ("docker.io", "registry-1.docker.io"),
        ("index.docker.io", "registry-1.docker.io"),
        ("[::1]:5000", "[::1]:5000"),
        ("localhost", "localhost"),
    ],
)
def test_hosts_of_logins(text: str, server: str) -> None:
    """A login is to a host, with a port or without."""
    assert read_host(text).server == server


@pytest.mark.parametrize(
    "text", ["", "/", "https://h.io", "h.io/team", "h.io:x", "h.io:99999", "h io", "ü", "a_b"]
)
def test_what_is_no_host(text: str) -> None:
    """A text that is no host is refused."""
    with pytest.raises(Misread):
        read_host(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("h.io", ("h.io", None)),
        ("h.io:1", ("h.io", 1)),
        ("[::1]", ("::1", None)),
        ("[::1]:1", ("::1", 1)),
        ("::1", ("::1", None)),
        ("h.io:", ("h.io:", None)),
        ("h.io:\u0661", ("h.io:\u0661", None)),
        (f"h.io:{'9' * 5000}", (f"h.io:{'9' * 5000}", None)),
        ("", ("", None)),
    ],
)
def test_ports_are_split_off(text: str, parts: tuple[str, int | None]) -> None:
    """Only what is a port in form is taken for one."""
    assert split_port(text) == parts


_PIECES = st.sampled_from(
    [*"aB9._-/:@ []ü", "__", "//", "://", "::1", "docker.io", "localhost", "library", _SHA256]
)
_TEXTS = st.one_of(st.text(max_size=80), st.lists(_PIECES, max_size=12).map("".join))


@given(_TEXTS)
def test_any_text_is_read_or_misread(text: str) -> None:
    """Nothing but `Misread` is raised, and what is read is spelled so that it reads the same."""
    try:
        found = read_reference(text)
    except Misread:
        return
    again = read_reference(str(found))
    given_both = replace(found, text=str(found), host_given=True, tag_given=True)
    assert again == given_both


@given(_TEXTS)
def test_any_text_is_a_host_or_none(text: str) -> None:
    """Nothing but `Misread` is raised, and a host reads back as itself."""
    try:
        found = read_host(text)
    except Misread:
        return
    assert read_host(found.host).host == found.host


def _is_read(text: str) -> bool:
    try:
        read_reference(text)
    except Misread:
        return False
    return True


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def test_a_reference_is_a_value() -> None:
    """Two readings of one text are one reference."""
    assert read_reference("app") == read_reference("app")
    assert isinstance(read_reference("app"), Reference)
