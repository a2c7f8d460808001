"""`pratique doctor`: why an image cannot be pulled from here, for any registry."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from pratique.cli.screen import Screen
from pratique.cli.verbs import local_verb

_CLIENTS = ("docker", "containerd", "podman")
_LONGEST_TEXT = 64 * 1024


@local_verb(None, "doctor", "pratique doctor registry.example.com/team/app:v1")
@click.argument("image", required=False)
@click.option(
    "--as",
    "client",
    type=click.Choice(_CLIENTS),
    default="docker",
    show_default=True,
    help="Whose way of pulling is followed.",
)
@click.option(
    "--push", is_flag=True, help="Also try whether it can be pushed; nothing of it stays."
)
@click.option(
    "--mount-from", metavar="REPO", default="", help="With --push: take layers from REPO as well."
)
@click.option("--login", metavar="HOST", help="Only whether the login to HOST is good.")
@click.option(
    "--az", is_flag=True, help="Also look at how the Azure CLI is set up for this registry."
)
@click.option("--error", metavar="TEXT", help="Explain an error that was printed; `-` reads it.")
@click.option("--offline", is_flag=True, help="Look at files alone, and send nothing.")
@click.option("--platform", metavar="OS/ARCH", default="", help="In place of this machine's.")
@click.option("--authfile", metavar="FILE", default="", help="As podman's option of this name.")
@click.option("--pod", metavar="POD", default="", help="Pull as this pod does; asks kubectl.")
@click.option(
    "--service-account", metavar="NAME", default="", help="Pull as its pods do; asks kubectl."
)
@click.option("-n", "--namespace", metavar="NAME", default="default", help="Of the pod.")
@click.option(
    "--pull-secret",
    "secret_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="A pod, account or pull secret in YAML or JSON; may be repeated.",
)
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path("/"),
    metavar="DIR",
    help="Read files below DIR, for example a node's file system at /host.",
)
@click.option(
    "--redact/--no-redact",
    default=True,
    help="Leave names of people out, so that it can be shown; secrets are never in it.",
)
def doctor(screen: Screen, *, image: str | None, error: str | None, **options: Any) -> None:
    """Find out why an image cannot be pulled from here, from any registry.

    Ends with 0 when it can be pulled, with 1 when it cannot and the cause is proven, with 3 when
    there are only suspicions, and with 2 when the command makes no sense.

    Nothing is written, and nothing is sent but to the hosts that the image names: its registry, its
    token server, and the storage of its layers.
    """
    if sum(given is not None for given in (image, error, options["login"])) != 1:
        raise click.UsageError("give an IMAGE, --login HOST, or --error TEXT, and only one of them")
    if options["mount_from"] and not options["push"]:
        raise click.UsageError("--mount-from belongs to --push")
    if error is not None:
        from pratique.cli.doctor_texts import explain_text  # noqa: PLC0415 - loaded when used

        text = sys.stdin.read(_LONGEST_TEXT) if error == "-" else error
        sys.exit(explain_text(screen, text))
    from pratique.cli.doctor_visits import visit  # noqa: PLC0415 - loaded when used

    sys.exit(visit(screen, image, **options))
