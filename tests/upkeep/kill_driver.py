"""Back up in a child process that is killed before its n-th step, for every n; then look.

Run as a programme: `kill_driver.py FOLDER`. Prints one JSON object for each kill. Steps are the
calls that change the target.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from tests.upkeep.stage import Image, Stage

from pratique.assembly import upkeep_of
from pratique.registry.backup import BackupRefused
from pratique.settings import Places

STEPS = ("open", "rename", "replace", "link", "unlink", "mkdir", "chmod", "fsync")
OLD = (Image("team/app", "v1", (b"one", b"two")), Image("team/app", "v2", (b"two",)))
NEW = (Image("team/app", "v3", (b"two", b"three")),)


def die_before_step(number: int) -> None:
    """Make this process kill itself just before the step of that number."""
    steps = count(1)

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **kwargs: Any) -> Any:
            if next(steps) == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)

        return step

    for name in STEPS:
        setattr(os, name, guarded(getattr(os, name)))


def back_up(data: Path, target: Path) -> None:
    """Make a backup, or complete one."""
    with upkeep_of(Places(data)).backup(target, lambda _: None, lambda: None) as work:
        work.run(prune=True)


def killed(data: Path, target: Path, number: int) -> bool:
    """Back up in a child; whether it was killed."""
    child = os.fork()
    if child == 0:
        die_before_step(number)
        back_up(data, target)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def what_comes_back(target: Path, data: Path) -> str | list[str]:
    """Tags of the images that a restore brings, all of them whole; or why it is refused."""
    shutil.rmtree(data, ignore_errors=True)
    try:
        with upkeep_of(Places(data)).restore(target, lambda _: None, full=True) as work:
            work.run(full=True)
    except BackupRefused as error:
        return str(error)
    restored = Stage(data)
    if restored.check().findings:
        return "it has faults"
    return [one.tag for one in (*OLD, *NEW) if restored.pulls(one)]


def main(folder: Path) -> None:
    """Kill a first backup, and one into a folder with an earlier backup, at each step."""
    stage = Stage.filled(folder / "data", OLD)
    back_up(stage.data, folder / "earlier")
    for one in NEW:
        stage.push(one)
    for earlier in (False, True):
        for number in count(1):
            target = folder / "target"
            shutil.rmtree(target, ignore_errors=True)
            if earlier:
                shutil.copytree(folder / "earlier", target)
            if not killed(stage.data, target, number):
                break
            after = what_comes_back(target, folder / "restored")
            back_up(stage.data, target)
            completed = what_comes_back(target, folder / "restored")
            left = sorted(path.name for path in target.iterdir())
            seen = {"earlier": earlier, "after": after, "completed": completed, "left": left}
            print(json.dumps(seen), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
