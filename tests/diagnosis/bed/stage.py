"""The machine of one case: files below a folder, programmes, names, connections and a clock."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from tests.diagnosis.bed.certificates import Authority, Shown
from tests.diagnosis.bed.machine_parts import Nobody, StageClock, StageNetwork, StagePrograms
from tests.diagnosis.bed.servers import Loopback, Site

from pratique.diagnosis.machine import Machine
from pratique.diagnosis.this_machine import FilesBelow

CANARY = "canary"
# RFC 5737, TEST-NET-3: addresses that are nobody's.
_MADE_UP = "203.0.113."


@dataclass
class Shared:
    """What all cases of a session have in common.

    Attributes:
        trusted: the authority in the machines' system store.
        strange: one that no machine trusts by itself.
        keep: enters a context manager once per session, by a name, and gives what it gives; it is
            made with a folder of its own.
    """

    loopback: Loopback
    nobody: Nobody
    trusted: Authority
    strange: Authority
    keep: Callable[[str, Callable[[Path], AbstractContextManager[object]]], object]


@dataclass
class Stage:
    """One case's machine.

    Attributes:
        root: below which its files are, by the paths that clients use.
        environment: variables.
        secrets: all that must never be shown.
        afterwards: are called when the case is over.
    """

    root: Path
    shared: Shared
    user: str = "dev"
    home: str = "/home/dev"
    is_root: bool = False
    system: str = "linux"
    architecture: str = "amd64"
    variant: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    afterwards: list[Callable[[], object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = StageClock()
        self.network = StageNetwork(self.shared.loopback, self.shared.nobody)
        self.programs = self.root / "programs"
        self.programs.mkdir(parents=True)
        self.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\ndev:x:1000:1000::/home/dev:/bin/sh\n")
        self._addresses = 0
        self._secrets = 0

    @property
    def machine(self) -> Machine:
        """The machine as the doctor sees it."""
        return Machine(
            FilesBelow(self.root),
            StagePrograms(str(self.programs)),
            self.network,
            self.clock,
            {"HOME": self.home, **self.environment},
            self.user,
            self.home,
            self.is_root,
            self.system,
            self.architecture,
            self.variant,
        )

    def secret(self, before: str = "", after: str = "") -> str:
        """A new secret, which must never be shown.

        Args:
            before: what secrets of its kind begin with, for example `ghp_`.
            after: what they end with.
        """
        self._secrets += 1
        return self.hide(f"{before}{CANARY}{self._secrets}Zq7{after}")

    def hide(self, secret: str) -> str:
        """Take this for a secret as well."""
        self.secrets.append(secret)
        return secret

    def write(self, path: str, content: str | bytes | Mapping[str, object]) -> None:
        """Write a file, by the path that a client uses; a mapping becomes JSON."""
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Mapping):
            content = json.dumps(content)
        place.write_bytes(content.encode() if isinstance(content, str) else content)

    def program(self, name: str, script: str) -> None:
        """Put a programme on the search path: the lines of a POSIX shell script."""
        place = self.programs / name
        place.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
        place.chmod(0o755)

    def helper(self, name: str, username: str, secret: str, *, host: str = "") -> None:
        """A credential helper that works.

        Args:
            name: without `docker-credential-`.
            username: that it gives.
            secret: that it gives.
            host: the one key that it knows; empty for any.
        """
        given = json.dumps({"ServerURL": host, "Username": username, "Secret": secret})
        nothing = "echo 'credentials not found in native keychain'; exit 1"
        check = f'[ "$key" = "{host}" ] || {{ {nothing}; }}\n' if host else ""
        self.program(
            f"docker-credential-{name}",
            f"[ \"$1\" = get ] || exit 1\nread -r key\n{check}cat <<'GIVEN'\n{given}\nGIVEN",
        )

    def docker_login(
        self, key: str, username: str, secret: str, path: str = "", **more: object
    ) -> None:
        """Add a login to docker's file, as `docker login` writes it.

        Args:
            key: of the entry.
            username: of the entry.
            secret: password.
            path: of the file; empty for that of the machine's user.
            more: further members of the entry.
        """
        place = path or f"{self.home}/.docker/config.json"
        existing = self.root / place.lstrip("/")
        content = json.loads(existing.read_text("utf-8")) if existing.exists() else {}
        content.setdefault("auths", {})[key] = {"auth": auth(username, secret), **more}
        self.write(place, content)

    def name(self, host: str, *addresses: str) -> tuple[str, ...]:
        """Give a name these addresses; a made-up one when there are none. Gives them."""
        if not addresses:
            self._addresses += 1
            addresses = (f"{_MADE_UP}{self._addresses}",)
        self.network.names[host.lower()] = addresses
        return addresses

    def serve(
        self,
        host: str,
        site: Site,
        *,
        port: int | None = None,
        shown: Shown | None = None,
        address: str = "",
        plain: bool = False,
    ) -> Site:
        """Let a site answer at a name.

        Args:
            host: without a port; it gets an address when it has none.
            site: what answers.
            port: 443 when None, 80 where it is plain.
            shown: its certificate; a good one when None.
            address: the one address of the name at which it answers; empty for all of them.
            plain: whether it speaks HTTP without TLS.
        """
        known = self.network.names.get(host.lower()) or self.name(
            host, *([address] * bool(address))
        )
        if not plain:
            site.tls = self.tls(shown or Shown((host,)))
        for each in (address,) if address else known:
            self.network.sites[each, port or (80 if plain else 443)] = site
        return site

    def tls(self, shown: Shown) -> ssl.SSLContext:
        """TLS settings of a server that shows this certificate."""
        authority = self.shared.trusted if shown.trusted else self.shared.strange
        return authority.context(shown)

    def kubectl(self, answers: Mapping[str, object | str]) -> None:
        """A `kubectl` that knows these answers.

        Args:
            answers: for arguments joined by blanks (without `-o json`, which is left out), the
                object that it prints; a text is an error, printed with exit status 1.
        """
        lines = ['args=$(printf "%s " "$@" | sed -e "s/-o json//" -e "s/  */ /g" -e "s/ *$//")']
        lines.append('case "$args" in')
        for index, (words, answer) in enumerate(answers.items()):
            if isinstance(answer, str):
                lines.append(f"'{words}') echo '{answer}' >&2; exit 1;;")
            else:
                file = self.programs / f"kubectl-{index}.json"
                file.write_text(json.dumps(answer), "utf-8")
                lines.append(f"'{words}') cat '{file}';;")
        lines.append('*) echo "Error from server (NotFound): $args" >&2; exit 1;;')
        lines.append("esac")
        self.program("kubectl", "\n".join(lines))


def auth(username: str, secret: str) -> str:
    """The `auth` member of a login."""
    return base64.b64encode(f"{username}:{secret}".encode()).decode()
