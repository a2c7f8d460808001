"""What a client makes of the words after `docker pull` (distribution's reference grammar).

Docker, containerd and podman share the grammar; they differ in the host that a bare name gets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

DOCKER_HUB: Final = "docker.io"
DOCKER_HUB_SERVER: Final = "registry-1.docker.io"
ANY_REPOSITORY: Final = "any"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_HOST = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
    r"|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?"
)
_PORT = re.compile(r"[0-9]{1,5}")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")
_IDENTIFIER = re.compile(r"[0-9a-f]{64}")
_LONGEST_NAME: Final = 255
_LONGEST_PORT: Final = 65535


class Misread(Exception):
    """The text is no image reference; the message says what in it is not.

    Attributes:
        uppercase: the part that would be right in lower case; empty when that is not the reason.
    """

    def __init__(self, why: str, uppercase: str = "") -> None:
        super().__init__(why)
        self.uppercase = uppercase


@dataclass(frozen=True, slots=True)
class Reference:
    """An image.

    Attributes:
        text: as it was given.
        host: with the port when one is written; `docker.io` for Docker Hub.
        repository: with `library/` where Docker Hub adds it.
        tag: `latest` where nothing is written; empty when there is a digest alone.
        digest: empty when there is none.
        host_given: whether the text names its host.
        tag_given: whether the text names its tag or digest.
    """

    text: str
    host: str
    repository: str
    tag: str
    digest: str
    host_given: bool
    tag_given: bool

    @property
    def server(self) -> str:
        """Host, and port when one is written, to which requests go."""
        return DOCKER_HUB_SERVER if self.host == DOCKER_HUB else self.host

    @property
    def name(self) -> str:
        """The host without its port."""
        return split_port(self.server)[0]

    @property
    def manifest(self) -> str:
        """The last part of a manifest's address."""
        return self.digest or self.tag

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.host}/{self.repository}{tag}{digest}"


def split_port(host: str) -> tuple[str, int | None]:
    """Host and port of `HOST` or `HOST:PORT`; brackets of an IPv6 address are taken away."""
    name, colon, port = host.rpartition(":")
    if colon and _PORT.fullmatch(port) and ("]" in name or ":" not in name):
        return name.strip("[]"), int(port)
    return host.strip("[]"), None


def is_host(text: str) -> bool:
    """Whether the first part of a reference is taken for a host (containerd, docker, kubelet)."""
    return "." in text or ":" in text or text == "localhost" or text != text.lower()


def read_reference(text: str) -> Reference:
    """The image that a client would ask for.

    Raises:
        Misread: no client would take the text.
    """
    _check_whole(text)
    rest, at, digest = text.partition("@")
    if at and _DIGEST.fullmatch(digest) is None:
        raise Misread(
            f"`{digest}` is no digest, which is `sha256:` and 64 hexadecimal digits in lower case"
        )
    first, slash, path = rest.partition("/")
    host_given = bool(slash) and is_host(first)
    name, tag = _tag_of(path if host_given else rest)
    host = first if host_given else DOCKER_HUB
    _check(host, name, tag)
    if host in {"index.docker.io", DOCKER_HUB}:
        host = DOCKER_HUB
        name = name if "/" in name else f"library/{name}"
    if len(name) > _LONGEST_NAME:
        raise Misread(f"its repository is longer than {_LONGEST_NAME} characters")
    shown = tag or ("" if digest else "latest")
    return Reference(text, host, name, shown, digest, host_given, bool(tag or digest))


def read_host(text: str) -> Reference:
    """The registry of a login alone, as an image that stands for any.

    Raises:
        Misread: the text is no host.
    """
    host = text.strip().rstrip("/")
    if not host or "/" in host:
        raise Misread(f"`{text}` is no host name; a login is to a host, without `https://`")
    _check(host, ANY_REPOSITORY, "")
    if host in {"index.docker.io", DOCKER_HUB}:
        host = DOCKER_HUB
    return Reference(text, host, ANY_REPOSITORY, "latest", "", host_given=True, tag_given=False)


def _tag_of(text: str) -> tuple[str, str]:
    name, colon, tag = text.rpartition(":")
    if not colon or "/" in tag:
        return text, ""
    if not tag:
        raise Misread("it ends with `:` and no tag")
    return name, tag


def _check_whole(text: str) -> None:
    if not text.strip():
        raise Misread("it is empty")
    if text != text.strip():
        raise Misread("it begins or ends with a blank or a line break")
    if "://" in text:
        scheme = text.partition("://")[0]
        raise Misread(f"it begins with `{scheme}://`; an image is named without a scheme")
    if _IDENTIFIER.fullmatch(text):
        raise Misread("64 hexadecimal digits are the id of an image, which cannot be pulled by it")


def _check(host: str, name: str, tag: str) -> None:
    port = split_port(host)[1]
    if _HOST.fullmatch(host) is None or (port is not None and port > _LONGEST_PORT):
        raise Misread(f"`{host}` is no host name")
    if _REPOSITORY.fullmatch(name) is None:
        if _REPOSITORY.fullmatch(name.lower()) is not None:
            raise Misread(f"the repository `{name}` has upper-case letters", uppercase=name)
        raise Misread(
            f"`{name}` is no repository name: lower-case letters and digits, joined by `.`, `_`, "
            "`__` or dashes, in parts separated by `/`"
        )
    if tag and _TAG.fullmatch(tag) is None:
        raise Misread(f"`{tag}` is no tag")
