"""The programme `pratique` and its verbs. A verb's module is loaded when the verb is used."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from keyword import iskeyword

import click


@dataclass(frozen=True, slots=True)
class _Entry:
    """A verb, the module of this room that holds it, and its line in the help.

    The line stands here a second time because loading all modules would cost the user of one verb
    a tenth of a second; a test keeps it equal to the verb's own.
    """

    section: str
    module: str
    line: str


_VERBS = {
    "serve": _Entry(
        "Server",
        "serving",
        "Serve a registry from a folder; the first time, prepare it and show the owner's password.",
    ),
    "init": _Entry(
        "Server", "serving", "Prepare a folder and show the owner's password, this once."
    ),
    "demo": _Entry("Server", "demo", "Watch a private registry refuse, explain and admit."),
    "login": _Entry("Session", "login", "Log in to a running registry."),
    "logout": _Entry("Session", "login", "Forget a login."),
    "az-setup": _Entry(
        "Session",
        "az_setup",
        "Set up the Azure CLI for a registry, or show what is to be typed for that.",
    ),
    "user": _Entry("Who", "users", "People of the registry's own directory."),
    "group": _Entry("Who", "groups", "Groups of users, service principals and groups."),
    "sp": _Entry("Who", "service_principals", "Service principals and their credentials."),
    "identity": _Entry(
        "Who", "identities", "Managed identities, and the agent that hands out their tokens."
    ),
    "token": _Entry(
        "Who", "tokens", "Tokens that are not of the directory, each with a scope map."
    ),
    "admin-user": _Entry("Who", "admin_user", "The one account that may handle every image."),
    "attribute": _Entry("Who", "attributes", "Attributes of principals, which conditions ask for."),
    "trust": _Entry("Who", "trusts", "Outside issuers whose tokens are taken in place of secrets."),
    "ldap": _Entry("Who", "ldap", "Users and groups from an LDAP server or Active Directory."),
    "role": _Entry(
        "What they may do", "role_definitions", "Role definitions and role assignments."
    ),
    "deny": _Entry(
        "What they may do",
        "denials",
        "Deny assignments: what is refused whatever any role grants.",
    ),
    "scope-map": _Entry(
        "What they may do", "scope_maps", "What tokens may do, repository by repository."
    ),
    "anonymous-pull": _Entry(
        "What they may do", "registry", "Whether everybody may pull without a login."
    ),
    "network-rule": _Entry(
        "What they may do",
        "network_rules",
        "From which network addresses the registry may be reached.",
    ),
    "doctor": _Entry(
        "Questions",
        "doctor",
        "Find out why an image cannot be pulled from here, from any registry.",
    ),
    "access": _Entry("Questions", "access", "Who may do what, through what, and what if."),
    "why": _Entry("Questions", "why", "Explain a refusal by the id that its message ends with."),
    "denials": _Entry("Questions", "refusals", "List what was refused, the newest last."),
    "audit": _Entry(
        "Questions", "audit", "Sign-ins, pushes, deletions, refusals and changes; and their proof."
    ),
    "repo": _Entry("Content", "repositories", "Repositories, their tags and manifests."),
    "untag": _Entry("Content", "repositories", "Take a tag away; the manifest stays."),
    "import": _Entry(
        "Content",
        "importing",
        "Copy an image from another registry, or from another repository of this server.",
    ),
    "gc": _Entry(
        "Content",
        "collection",
        "Delete what nothing needs any more: blobs, uploads that were left, untagged manifests.",
    ),
    "registry": _Entry("Registry", "registry", "The registry's own settings; further registries."),
    "check": _Entry(
        "Registry", "checking", "Compare everything in a data folder with what it should be."
    ),
    "backup": _Entry(
        "Registry",
        "backups",
        "Copy a registry to TARGET while it is served; the next time, only what is new.",
    ),
    "restore": _Entry("Registry", "backups", "Make a registry of the backup in SOURCE."),
    "migrate-store": _Entry(
        "Registry", "moving", "Move a registry's rows from its folder to PostgreSQL, or back."
    ),
    "migrate-blobs": _Entry(
        "Registry",
        "moving_blobs",
        "Move a registry's blobs from its folder to an object store, or back.",
    ),
    "signing-key": _Entry("Registry", "registry", "Keys that sign the registry's tokens."),
}


class _Program(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _VERBS:
            return None
        module = importlib.import_module(f"pratique.cli.{_VERBS[cmd_name].module}")
        name = cmd_name.replace("-", "_")
        # No function can be called `import`.
        command: click.Command = getattr(module, f"{name}_" if iskeyword(name) else name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        width = max(map(len, _VERBS))
        sections: dict[str, list[tuple[str, str]]] = {}
        for verb, entry in _VERBS.items():
            sections.setdefault(entry.section, []).append((verb.ljust(width), entry.line))
        for section, rows in sections.items():
            with formatter.section(section):
                formatter.write_dl(rows)


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pratique", message="%(prog)s %(version)s")
def program() -> None:
    """Pratique: a private container registry that decides who may come in, and says why.

    Verbs speak to the registry of the last `pratique login`, of --server HOST, or, for whoever owns
    it, to the folder of --data DIR. `pratique VERB -h` shows an example of each.
    """


def main() -> None:
    """Run the programme with the words of the command line, and exit."""
    program.main(prog_name="pratique")
