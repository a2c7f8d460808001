"""`pratique demo`: what the registry is for, shown on a private server."""

from __future__ import annotations

import signal
import time
from contextlib import closing
from typing import Any

import click

from pratique.cli.failures import Failed
from pratique.cli.screen import Screen
from pratique.cli.verbs import local_verb


@local_verb(None, "demo", "pratique demo")
def demo(screen: Screen) -> None:
    """Watch a private registry refuse, explain and admit.

    Starts a server on a free port, pushes an image, is refused twice for different reasons, grants
    the role AcrPull, pulls, compares the digests and cleans up. Nothing is left behind.
    """
    from pratique.cli.demo_story import tell  # noqa: PLC0415 - loaded when used

    # The default would end this process and leave the server behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started = time.monotonic()
    told: list[dict[str, Any]] = []
    with closing(tell()) as story:
        try:
            for number, step in enumerate(story, start=1):
                told.append({"step": number, "title": step.title, "words": step.words})
                if not screen.as_json:
                    _show(number, step.title, step.words)
        except Failed as failed:
            raise Failed(f"step {len(told) + 1} did not behave: {failed.message}") from failed
    seconds = round(time.monotonic() - started, 1)
    screen.show({"steps": told, "seconds": seconds}, f"Every step behaved, in {seconds} seconds.")


def _show(number: int, title: str, words: tuple[str, ...]) -> None:
    click.echo(f"{number:2}  {click.style('✓', fg='green')}  {title}")
    for line in words:
        click.echo(f"       {click.style(line, bold=line.startswith('$'))}")
    click.echo()
