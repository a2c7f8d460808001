"""The programme `pratique` and its verbs. A verb's module is loaded when the verb is used."""

from __future__ import annotations

import importlib
import sys

import click

from pratique.cli.failures import Failed, report

# The verb, the module that holds it, and its line in the help; loading all modules would cost a
# user of one verb a tenth of a second.
_VERBS = {
    "serve": ("serving", "Serve a registry from a folder; prepares the folder the first time."),
    "init": ("serving", "Prepare a folder and show the owner's password once."),
}


class _Program(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _VERBS:
            return None
        module = importlib.import_module(f"pratique.cli.{_VERBS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, line) for verb, (_, line) in _VERBS.items()])


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pratique", message="%(prog)s %(version)s")
def program() -> None:
    """Pratique: a private container registry that decides who may come in, and says why."""


def main() -> None:
    """Run the programme with the words of the command line, and exit."""
    try:
        program.main(standalone_mode=True, prog_name="pratique")
    except Failed as failed:
        sys.exit(report(failed))
