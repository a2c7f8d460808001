"""`pratique registry`, `anonymous-pull` and `signing-key`: settings of the registry itself."""

from __future__ import annotations

import click

from pratique.cli.screen import Screen, Source, commands
from pratique.cli.session import Session, address
from pratique.cli.verbs import group_of_verbs, verb

registry = group_of_verbs("registry", "The registry's own settings; further registries.")
anonymous_pull = group_of_verbs("anonymous-pull", "Whether everybody may pull without a login.")
signing_key = group_of_verbs("signing-key", "Keys that sign the registry's tokens.")
_SWITCH = {"on": True, "off": False}
_FACTS: dict[str, Source] = {
    "name": "name",
    "login server": "login_server",
    "tenant": "tenant_id",
    "tenant domain": "tenant_domain",
    "role mode": "role_mode",
    "admin user": "admin_user_enabled",
    "anonymous pull": "anonymous_pull",
    "password grant": "password_grant",
    "help page": "help_page",
    "resource manager tokens": "accepts_arm_tokens",
    "refusals kept": lambda found: f"{found['refusals_kept_days']} days",
    "created": "created",
    "resource id": "id",
}


@verb(registry, "show", "pratique registry show")
def _show(session: Session, screen: Screen) -> None:
    """Show the settings."""
    screen.facts(session.call("GET", address("registry")), _FACTS)


@verb(registry, "update", "pratique registry update --role-mode abac")
@click.option(
    "--role-mode",
    type=click.Choice(["rbac", "abac"]),
    help="Whether roles count for the whole registry, or repository by repository.",
)
@click.option("--login-server", metavar="HOST", help="The host that clients use; '' for any.")
@click.option(
    "--help-page", metavar="URL", help="Where refusals point to; '' for the registry's own page."
)
@click.option(
    "--tenant-domain",
    metavar="DOMAIN",
    help="A name by which clients may call the directory; '' for its id alone.",
)
@click.option(
    "--arm-tokens/--no-arm-tokens",
    default=None,
    help="Whether the exchange takes tokens that were made for the resource manager.",
)
@click.option(
    "--password-grant",
    type=click.Choice(list(_SWITCH)),
    help="Whether programmes may take people's passwords themselves, without the sign-in page.",
)
@click.option(
    "--keep-refusals",
    type=click.IntRange(1, 3650),
    metavar="DAYS",
    help="How long refusals are recorded; what is older is forgotten.",
)
@click.option("--yes", is_flag=True, help="Do not ask who loses rights by another role mode.")
def _update(
    session: Session,
    screen: Screen,
    *,
    role_mode: str | None,
    login_server: str | None,
    help_page: str | None,
    tenant_domain: str | None,
    arm_tokens: bool | None,
    password_grant: str | None,
    keep_refusals: int | None,
    yes: bool,
) -> None:
    """Change settings; what is not given stays.

    Before the role mode changes, it is shown who would lose and who would gain what, as
    `pratique access what-if --mode` shows it, and you are asked. Where nobody can be asked, --yes
    is needed if somebody would lose something. Tokens that were made before another role mode or
    login server are void, that of `pratique login` too; most clients get new ones by themselves.
    """
    body = {
        "role_mode": role_mode,
        "login_server": login_server,
        "help_page": help_page,
        "tenant_domain": tenant_domain,
        "accepts_arm_tokens": arm_tokens,
        "password_grant": None if password_grant is None else _SWITCH[password_grant],
        "refusals_kept_days": keep_refusals,
    }
    if all(value is None for value in body.values()):
        raise click.UsageError("say what to change, for example --role-mode or --login-server")
    if role_mode is not None and not yes:
        from pratique.cli.what_if import consent  # noqa: PLC0415 - loaded when used

        changes = [{"role_mode": role_mode}]
        consent(session, screen, changes, f"changing the role mode to {role_mode}")
    voids = role_mode is not None or login_server is not None
    again = (
        "",
        *commands(
            "Tokens for another role mode or login server are void; whoever used `pratique login` "
            "logs in again:",
            session.login_again,
        ),
    )
    changed = session.call("PATCH", address("registry"), body=body)
    screen.facts(changed, _FACTS, *(again if voids else ()))


@verb(registry, "list", "pratique registry list")
def _list_registries(session: Session, screen: Screen) -> None:
    """List the registries of this server."""
    screen.table(
        session.call("GET", address("registries")),
        {
            "NAME": "name",
            "LOGIN SERVER": "login_server",
            "RESOURCE GROUP": lambda row: row["id"].split("/")[4],
            "CREATED": "created",
        },
        empty="There is no registry that you may read.",
    )


@verb(registry, "create", "pratique registry create second --login-server second.example.org")
@click.argument("name")
@click.option(
    "--login-server", metavar="HOST", required=True, help="The host that clients use for it alone."
)
@click.option("--resource-group", metavar="GROUP", help="Where it stands; beside the first one.")
def _create(
    session: Session,
    screen: Screen,
    *,
    name: str,
    login_server: str,
    resource_group: str | None,
) -> None:
    """Make another registry on this server.

    It has content, tokens, scope maps, an admin user and settings of its own. People, groups,
    service principals and roles are the same for all registries of the server; role assignments
    reach it by their scope.
    """
    body = {"name": name, "login_server": login_server, "resource_group": resource_group}
    screen.facts(session.call("POST", address("registries"), body=body), _FACTS)


@verb(registry, "delete", "pratique registry delete second --yes")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def _delete(session: Session, screen: Screen, *, name: str, yes: bool) -> None:
    """Delete a registry with everything in it.

    Its settings, tokens, scope maps and admin user go, and role and deny assignments at it. Its
    content is out of reach at once, and is removed by collection.
    """
    if not yes:
        click.confirm(f"Delete the registry `{name}` and everything in it?", abort=True, err=True)
    gone = session.call("DELETE", address("registries", name))
    screen.show(gone, f"Deleted the registry {gone['name']} ({gone['login_server']}).")


@verb(anonymous_pull, "on", "pratique anonymous-pull on")
def _on(session: Session, screen: Screen) -> None:
    """Let everybody pull from every repository without a login."""
    _set_anonymous_pull(session, screen, on=True)


@verb(anonymous_pull, "off", "pratique anonymous-pull off")
def _off(session: Session, screen: Screen) -> None:
    """Let nobody pull without a login."""
    _set_anonymous_pull(session, screen, on=False)


@verb(signing_key, "list", "pratique signing-key list")
def _list(session: Session, screen: Screen) -> None:
    """List signing keys."""
    screen.table(
        session.call("GET", address("signing-keys")),
        {
            "KEY ID": "key_id",
            "CREATED": "created",
            "STATE": lambda row: "signs" if row["retired"] is None else "verifies only",
        },
        empty="There are no signing keys; `pratique signing-key rotate` makes one.",
    )


@verb(signing_key, "rotate", "pratique signing-key rotate")
@click.option(
    "--at-once", is_flag=True, help="Forget the former keys: everybody has to log in again."
)
def _rotate(session: Session, screen: Screen, at_once: bool) -> None:
    """Sign with a new key.

    The former ones verify until the last token they made has expired.
    """
    made = session.call("POST", address("signing-keys"), body={"at_once": at_once})
    consequence = (
        "All tokens made so far are void."
        if at_once
        else "Tokens made so far keep their force until they expire."
    )
    screen.show(made, f"The key {made['key_id']} signs from now on. {consequence}")


def _set_anonymous_pull(session: Session, screen: Screen, *, on: bool) -> None:
    changed = session.call("PATCH", address("registry"), body={"anonymous_pull": on})
    screen.show(
        changed,
        "Everybody may pull from every repository, without a login."
        if changed["anonymous_pull"]
        else "Nobody may pull without a login.",
    )
