"""`pratique ldap`: users and groups from an LDAP server, Active Directory among them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from pratique.cli.failures import Failed
from pratique.cli.screen import Screen, Source, commands, tabled
from pratique.cli.session import Session, address
from pratique.cli.standard_input import read_password
from pratique.cli.verbs import group_of_verbs, verb

ldap = group_of_verbs("ldap", "Users and groups from an LDAP server or Active Directory.")
_LDAP = "ldap"
_KINDS = ("active-directory", "openldap")
_FIELDS: dict[str, Source] = {
    "url": "url",
    "kind": "kind",
    "certificate authorities": lambda row: row["ca_file"] or "those of the server's machine",
    "reads as": lambda row: row["bind_dn"] or "nobody",
    "password file": "bind_password_file",
    "users below": "user_base",
    "user filter": "user_filter",
    "user name": "name_attribute",
    "groups below": lambda row: row["group_base"] or "left alone",
    "group filter": "group_filter",
    "users": "users",
    "groups": "groups",
    "synced": lambda row: row["synced"] or "never",
}


@verb(
    ldap,
    "set",
    "pratique ldap set ldaps://dc.corp.example --kind active-directory "
    "--user-base DC=corp,DC=example --bind-dn CN=reader,DC=corp,DC=example "
    "--bind-password-file /etc/pratique/ldap-password",
)
@click.argument("url")
@click.option("--kind", type=click.Choice(_KINDS), required=True, help="Whose attributes it has.")
@click.option("--user-base", required=True, metavar="DN", help="The entry below which users are.")
@click.option(
    "--user-filter", metavar="FILTER", help="Who is a user, with `{name}` for the user name."
)
@click.option("--name-attribute", metavar="NAME", help="What holds the user name.")
@click.option(
    "--group-base",
    metavar="DN",
    help="The entry below which groups are; groups are left alone, when not given.",
)
@click.option("--group-filter", metavar="FILTER", help="What is a group.")
@click.option("--bind-dn", metavar="DN", help="Who reads; nobody in particular, when not given.")
@click.option(
    "--bind-password-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where the server finds the reader's password; read each time, never stored.",
)
@click.option(
    "--ca-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Certificate authorities in PEM; those of the server's machine, when not given.",
)
@click.option("--plain", is_flag=True, help="Speak ldap:// without TLS; shows passwords.")
def _set(
    session: Session,
    screen: Screen,
    url: str,
    bind_password_file: Path | None,
    ca_file: Path | None,
    **how: Any,
) -> None:
    """Take users from an LDAP server from now on.

    URL is `ldaps://HOST[:PORT]`, or `ldap://HOST[:PORT]`, where StartTLS comes first.

    What stood before is replaced whole. Nobody comes in by this alone: `pratique ldap sync` brings
    the users, and roles are given to them or to their groups.

    Files are those of the server's machine, so only the owner of the registry's folder names them.
    """
    files = {
        "bind_password_file": _absolute(bind_password_file),
        "ca_file": _absolute(ca_file),
    }
    body = {"url": url, **how, **files}
    made = session.call("PUT", address(_LDAP), body=body)
    if made["plain"] and not made["here"]:
        screen.warn(
            f"everybody between here and `{made['url']}` can read the passwords that go there; "
            "leave out --plain"
        )
    screen.show(
        made,
        f"Users come from `{made['url']}`.",
        *commands(
            "See whether it answers, and whom it would bring:",
            f"pratique ldap test{session.chosen_by}",
            f"pratique ldap sync --dry-run{session.chosen_by}",
        ),
    )


@verb(ldap, "show", "pratique ldap show")
def _show(session: Session, screen: Screen) -> None:
    """Show the LDAP server and how users are found there."""
    screen.facts(session.call("GET", address(_LDAP)), _FIELDS)


@verb(ldap, "test", "pratique ldap test alice")
@click.argument("name", required=False)
@click.option(
    "--password-stdin", is_flag=True, help="Try the user's password, read from standard input."
)
def _test(session: Session, screen: Screen, name: str | None, password_stdin: bool) -> None:
    """Ask the LDAP server step by step, and say what was found.

    NAME is a user name to look up, synced or not. The registry that is asked does the asking, so
    this shows whether it can. Nothing is changed.
    """
    if password_stdin and name is None:
        raise click.UsageError("a password is tried for a user; give a NAME")
    body = {"username": name, "password": read_password() if password_stdin else None}
    found = session.call("POST", address(_LDAP, "test"), body=body)
    columns: dict[str, Source] = {"STEP": "step", "": _well, "FOUND": "found"}
    screen.show(found, *tabled(found["steps"], columns, prose=True))
    if not found["good"]:
        raise Failed(f"`{found['url']}` cannot be used like this; the last step says why")


@verb(ldap, "sync", "pratique ldap sync --dry-run")
@click.option("--dry-run", is_flag=True, help="Only say who comes, goes and changes.")
@click.option(
    "--force", is_flag=True, help="Go on even if more than half of the users or groups are gone."
)
def _sync(session: Session, screen: Screen, dry_run: bool, force: bool) -> None:
    """Bring users and groups up to date with the LDAP server.

    Who is gone or disabled there is disabled here, with everything they are signed in with; nobody
    is deleted. A local user or group of the same name is never taken over. All of it stands at
    once, or nothing.
    """
    body = {"dry_run": dry_run, "force": force}
    done = session.call("POST", address(_LDAP, "sync"), body=body)
    changes, conflicts = done["changes"], done["conflicts"]
    lines = ["Nothing changes."] if dry_run else ["Everything is as the LDAP server says."]
    if changes:
        lines = tabled(changes, {"KIND": "kind", "NAME": "name", "CHANGE": "changes"})
        lines += ["", _counted(changes, "would change" if dry_run else "changed")]
    if conflicts:
        lines += ["", "Left out:", ""]
        columns = {"KIND": "kind", "NAME": "name", "REASON": "reason"}
        lines += tabled(conflicts, columns, prose=True)
    screen.show(done, *lines)
    if dry_run and done["needs_force"]:
        screen.warn("more than half of the users or groups would be gone; that needs --force")


@verb(ldap, "remove", "pratique ldap remove --with-users")
@click.option(
    "--with-users",
    is_flag=True,
    help="Disable its users, with everything they are signed in with, and empty its groups.",
)
def _remove(session: Session, screen: Screen, with_users: bool) -> None:
    """Ask the LDAP server no more."""
    query = {"with_users": str(with_users).lower()}
    gone = session.call("DELETE", address(_LDAP), query=query)
    lost = ", ".join(f"`{name}`" for name in gone["disabled"])
    screen.show(
        gone,
        f"`{gone['url']}` is not asked any more.",
        *([f"Disabled: {lost}."] if lost else []),
    )


def _well(step: Mapping[str, Any]) -> str:
    return "ok" if step["good"] else "failed"


def _counted(changes: list[Any], what: str) -> str:
    users = sum(change["kind"] == "user" for change in changes)
    groups = len(changes) - users
    return (
        f"{users} user{'' if users == 1 else 's'} and {groups} group{'' if groups == 1 else 's'} "
        f"{what}."
    )


def _absolute(path: Path | None) -> str | None:
    return None if path is None else str(path.absolute())
