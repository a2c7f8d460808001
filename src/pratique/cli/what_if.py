"""`pratique access what-if`: who would gain and who would lose what, before it is done."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from pratique.cli.failures import Failed
from pratique.cli.roles import assignment_named
from pratique.cli.screen import Screen, broken, kind
from pratique.cli.session import Session, address
from pratique.cli.verbs import verb
from pratique.cli.verdicts import on

Difference = Mapping[str, Any]
_SWITCH = click.Choice(["on", "off"])
_MOST_ACTIONS = 12
_MOST_RESOURCES = 5
_PROVIDER = re.compile(r"Microsoft\.(?:Authorization/|ContainerRegistry/(?:registries/)?)")


@verb(None, "what-if", "pratique access what-if --remove 'AcrPush from ci-bot'")
@click.option(
    "--remove",
    multiple=True,
    metavar="ASSIGNMENT",
    help="Without this role assignment: its id, or 'ROLE from PRINCIPAL'. May be given several "
    "times, as may --add, --disable, --delete and --undeny.",
)
@click.option("--add", multiple=True, metavar="'ROLE to PRINCIPAL'", help="With this one as well.")
@click.option(
    "--add-repository",
    multiple=True,
    metavar="PATTERN",
    help="What is added counts for repositories of this name only.",
)
@click.option("--mode", type=click.Choice(["rbac", "abac"]), help="In this role mode.")
@click.option("--disable", multiple=True, metavar="PRINCIPAL", help="With this one disabled.")
@click.option("--delete", multiple=True, metavar="PRINCIPAL", help="Without this one.")
@click.option("--undeny", multiple=True, metavar="NAME", help="Without this deny assignment.")
@click.option("--anonymous-pull", type=_SWITCH, help="With anonymous pull on or off.")
@click.option("--admin-user", type=_SWITCH, help="With the admin user on or off.")
def what_if(session: Session, screen: Screen, **options: Any) -> None:
    """Say who would lose and who would gain what by a change.

    Nothing is changed. What is given together is tried together.
    """
    changes = list(_changes(session, **options))
    if not changes:
        raise click.UsageError(
            "say what to try: --remove, --add, --mode, --disable, --delete, --undeny, "
            "--anonymous-pull or --admin-user"
        )
    found = tried(session, changes)
    screen.show(found, *([] if screen.as_json else differences(found)))


def tried(session: Session, changes: Sequence[Mapping[str, Any]]) -> Any:
    """What the management API says of changes.

    Raises:
        Failed: the registry refused, or cannot be reached.
    """
    return session.call("POST", address("access", "what-if"), body={"changes": changes})


def consent(
    session: Session, screen: Screen, changes: Sequence[Mapping[str, Any]], doing: str
) -> None:
    """Show what changes would mean, and ask whether to make them, if anybody's rights differ.

    Args:
        session: where they would be made.
        screen: whose user is asked; not when programs read it.
        changes: for the management API.
        doing: what would be done, as the subject of a sentence.

    Raises:
        Failed: somebody would lose something, and nobody can be asked.
        click.Abort: the user does not want it.
    """
    found = tried(session, changes)
    if not found["differences"]:
        return
    told = "\n".join(differences(found))
    if screen.as_json or not sys.stdin.isatty():
        if any(not d["gains"] for d in found["differences"]):
            raise Failed(
                f"{doing} takes rights away, and nobody can be asked here; look at the list below "
                f"and give --yes if it shall be so\n\n{told}"
            )
        return
    click.echo(told, err=True)
    click.echo("", err=True)
    click.confirm(f"This is what {doing} does. Go on?", abort=True, err=True)


def differences(found: Mapping[str, Any]) -> list[str]:
    """Who loses and who gains what, losses first, in words."""
    if not found["differences"]:
        return broken(
            f"Nothing changes: nobody loses anything, nobody gains anything. {_seen(found)}"
        )
    lines: list[str] = []
    for gains, verb_of in ((False, "loses"), (True, "gains")):
        for who, rows in _by_principal(found["differences"], gains=gains).items():
            lines += [f"{who} {verb_of}", "", *_what(rows), ""]
    return [*lines, *broken(_seen(found))]


def _changes(
    session: Session, *, remove: Sequence[str], **options: Any
) -> Iterator[dict[str, Any]]:
    for text in remove:
        yield {"remove": assignment_named(session, text)}
    yield from _additions(options["add"], options["add_repository"])
    if options["mode"] is not None:
        yield {"role_mode": options["mode"]}
    for change in ("disable", "delete", "undeny"):
        yield from ({change: reference} for reference in options[change])
    for switch in ("anonymous_pull", "admin_user"):
        if options[switch] is not None:
            yield {switch: options[switch] == "on"}


def _additions(add: Sequence[str], patterns: Sequence[str]) -> Iterator[dict[str, Any]]:
    if patterns and not add:
        raise click.UsageError("--add-repository needs --add")
    for text in add:
        role, said, principal = text.rpartition(" to ")
        if not said or not role.strip() or not principal.strip():
            raise click.BadParameter(f"`{text}` is not 'ROLE to PRINCIPAL'", param_hint="--add")
        added: dict[str, Any] = {"role": role.strip(), "principal": principal.strip()}
        if patterns:
            added["repositories"] = patterns
        yield {"add": added}


def _by_principal(rows: Sequence[Difference], *, gains: bool) -> dict[str, list[Difference]]:
    found: dict[str, list[Difference]] = {}
    for row in rows:
        if row["gains"] is gains:
            found.setdefault(_who(row), []).append(row)
    return found


def _who(row: Difference) -> str:
    match row["kind"]:
        case "AdminUser":
            return "The admin user"
        case "Anonymous":
            return "Whoever has no login"
        case other:
            return f"`{row['name']}` ({kind(other)})"


def _what(rows: Sequence[Difference]) -> Iterator[str]:
    """What and where, a line for each place, and below those that share it the reason."""
    reasons: dict[str, dict[tuple[Any, ...], list[Difference]]] = {}
    for row in rows:
        place = (*row["resources"], row["more_resources"], *row["examples"])
        reasons.setdefault(row["why"], {}).setdefault(place, []).append(row)
    for why, places in reasons.items():
        for same in places.values():
            actions = _in_words([row["action"] for row in same])
            yield from broken(f"{actions} on {_where(same[0])}", "  ")
        yield from broken(f"since {why}", "    ")


def _where(row: Difference) -> str:
    shown = row["resources"][:_MOST_RESOURCES]
    more = len(row["resources"]) - len(shown) + row["more_resources"]
    there = ", ".join(map(on, shown)) + (f" and {more} more" if more else "")
    examples = ", ".join(f"`{name}`" for name in row["examples"][:_MOST_RESOURCES])
    if not examples:
        return there
    return f"{there}, and on names like {examples}" if there else f"names like {examples}"


def _in_words(actions: Sequence[str]) -> str:
    """Actions on one line; permissions of the same resource are told together."""
    words = [action for action in actions if "/" not in action]
    together: dict[str, list[str]] = {}
    for action in actions:
        if "/" in action:
            resource, _, last = action.rpartition("/")
            together.setdefault(_PROVIDER.sub("", resource), []).append(last)
    words += [f"{resource} ({', '.join(each)})" for resource, each in together.items()]
    more = len(words) - _MOST_ACTIONS
    return ", ".join(words[:_MOST_ACTIONS]) + (f" and {more} more" if more > 0 else "")


def _seen(found: Mapping[str, Any]) -> str:
    if not found["repositories_known"]:
        return (
            "Looked at was a name for each pattern in the rules: you may not list the registry's "
            "repositories, or there are too many, so rights may change on others as well."
        )
    match found["repositories_asked"]:
        case 0:
            return "There is no repository yet; a name for each pattern in the rules was looked at."
        case 1:
            count = "The one repository there is was looked at"
        case many:
            count = f"All {many} repositories were looked at"
    return f"{count}, and a name for each pattern in the rules."
