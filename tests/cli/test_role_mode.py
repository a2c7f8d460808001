"""A change of the role mode shows whom it cuts off before it is made."""

from __future__ import annotations

import json
import os
import pty
import subprocess

import pytest
from tests.cli.terminal import Terminal
from tests.support.live_server import pratique_command

UPDATE = ("registry", "update", "--role-mode", "abac")


def _mode(owner: Terminal) -> str:
    return str(owner.gets("registry", "show")["role_mode"])


def test_loss_needs_a_yes(owner: Terminal) -> None:
    """Where nobody can be asked, the loss is shown, nothing is changed, and --yes is named."""
    told = owner.fails(*UPDATE)
    opening, _, rest = told.partition("\n\n")
    assert "takes rights away" in opening
    assert "--yes" in opening
    assert rest.startswith("`owner` (user) loses\n\n")
    assert "push on every repository\n" in rest
    done = owner.types(*UPDATE, "--json")
    assert (done.code, done.out) == (1, "")
    assert "`owner` (user) loses" in json.loads(done.err)["error"]["message"]
    assert _mode(owner) == "rbac"
    assert "abac" in owner.reads(*UPDATE, "--yes")
    assert _mode(owner) == "abac"


def test_gain_alone_needs_no_yes(owner: Terminal) -> None:
    """Nobody is cut off by the way back, so that programs need not say yes to it."""
    owner.gets(*UPDATE, "--yes")
    changed = owner.gets("registry", "update", "--role-mode", "rbac")
    assert changed["role_mode"] == "rbac"


def test_mode_that_stands_already_is_no_change(owner: Terminal) -> None:
    """Nothing is shown, and nothing is asked."""
    shown = owner.reads("registry", "update", "--role-mode", "rbac")
    assert ["role", "mode", "rbac"] in [line.split() for line in shown.splitlines()]


@pytest.mark.parametrize(("answer", "mode", "code"), [("y", "abac", 0), ("n", "rbac", 1)])
def test_user_at_a_terminal_is_asked(owner: Terminal, answer: str, mode: str, code: int) -> None:
    """The loss is shown beside the answer, which counts."""
    keyboard, terminal = pty.openpty()
    with subprocess.Popen(
        [*pratique_command(), *UPDATE, *owner.words],
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as asking:
        os.write(keyboard, f"{answer}\n".encode())
        out, err = asking.communicate(timeout=60)
    os.close(terminal)
    os.close(keyboard)
    assert asking.returncode == code, err
    assert "`owner` (user) loses" in err
    assert "This is what changing the role mode to abac does. Go on? [y/N]: " in err
    told = [line.split() for line in out.splitlines()]
    assert (["role", "mode", "abac"] in told) == (code == 0)
    assert _mode(owner) == mode
