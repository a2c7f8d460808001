"""Files that only one group may read: whoever shows what is in one is of that group.

Each file counts once and for a short time. Clients of the Arc form accept only the folder
`/var/opt/azcmagent/tokens` and names that end with `.key` (reference 8.3).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import stat
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pratique.agent.identities import HostedIdentity

LIFE_SECONDS: Final = 60.0
MAX_OPEN: Final = 256
_PREFIX = "pratique-"
_SUFFIX = ".key"


class FolderUnfit(Exception):
    """The folder of the challenge files cannot be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class _Open:
    path: Path
    client_id: str
    ends_at: float


class Challenges:
    """Makes challenge files and recognises what was in them.

    Args:
        folder: where the files are made.
        clock: seconds that only grow.
        random_bytes: gives that many unpredictable bytes.
    """

    def __init__(
        self, folder: Path, clock: Callable[[], float], random_bytes: Callable[[int], bytes]
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._random_bytes = random_bytes
        # By the hash of what is in the file, the oldest first.
        self._open: OrderedDict[bytes, _Open] = OrderedDict()

    def prepare(self, groups: Iterable[int]) -> None:
        """Make the folder if need be, and remove what a former run left there.

        Args:
            groups: to which files shall be given.

        Raises:
            FolderUnfit: others may write there, or this user may not give files to a group.
        """
        mine = {os.getegid(), *os.getgroups()}
        for group in groups:
            if os.geteuid() != 0 and group not in mine:
                raise FolderUnfit(
                    f"the agent's user is not in the group {group}, so it cannot give challenge "
                    "files to it; add the user to the group"
                )
        try:
            self._folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            about = self._folder.lstat()
            left = list(self._folder.glob(f"{_PREFIX}*{_SUFFIX}"))
        except OSError as error:
            raise FolderUnfit(f"the folder {self._folder} cannot be used: {error}") from error
        foreign = about.st_uid not in {0, os.geteuid()}
        if not stat.S_ISDIR(about.st_mode) or foreign or about.st_mode & 0o022:
            raise FolderUnfit(
                f"others may write in the folder {self._folder}; it must belong to the agent's "
                "user or root, with mode 755"
            )
        if not os.access(self._folder, os.W_OK | os.X_OK):
            raise FolderUnfit(
                f"the agent may not write in the folder {self._folder}; give it to the agent's user"
            )
        for path in left:
            path.unlink(missing_ok=True)

    async def issue(self, identity: HostedIdentity) -> Path:
        """A new file that the challenge group of `identity` may read.

        Raises:
            OSError: it cannot be written.
            ValueError: the identity has no challenge group.
        """
        if identity.challenge_group is None:
            raise ValueError(f"`{identity.name}` has no challenge group")
        self._drop_old()
        proof = base64.urlsafe_b64encode(self._random_bytes(32))
        path = self._folder / f"{_PREFIX}{self._random_bytes(16).hex()}{_SUFFIX}"
        await asyncio.to_thread(_write, path, proof, identity.challenge_group)
        self._open[_key(proof)] = _Open(path, identity.client_id, self._clock() + LIFE_SECONDS)
        return path

    def redeem(self, proof: str) -> str | None:
        """The client id of the identity whose file held `proof`, this one time; None for none."""
        found = self._open.pop(_key(proof.encode("utf-8", "surrogatepass")), None)
        if found is None:
            return None
        _remove(found.path)
        return found.client_id if found.ends_at > self._clock() else None

    def close(self) -> None:
        """Remove all files."""
        for challenge in self._open.values():
            _remove(challenge.path)
        self._open.clear()

    def _drop_old(self) -> None:
        now = self._clock()
        while self._open:
            key, oldest = next(iter(self._open.items()))
            if oldest.ends_at > now and len(self._open) < MAX_OPEN:
                return
            del self._open[key]
            _remove(oldest.path)


def _write(path: Path, proof: bytes, group: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        os.fchown(file.fileno(), -1, group)
        os.fchmod(file.fileno(), 0o640)
        file.write(proof)


def _key(proof: bytes) -> bytes:
    return hashlib.sha256(proof).digest()


def _remove(path: Path) -> None:
    # Whoever cleans up the host may have been faster.
    with suppress(OSError):
        path.unlink()
