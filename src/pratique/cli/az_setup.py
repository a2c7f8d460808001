"""`pratique az-setup`: what the unmodified Azure CLI needs to work with a server."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from pratique.cli.failures import Failed
from pratique.cli.screen import Screen, aligned, commands
from pratique.cli.verbs import local_verb

_DEADLINE_SECONDS = 120


@local_verb(None, "az-setup", "pratique az-setup registry.example.com")
@click.argument("server")
@click.option("--write", is_flag=True, help="Do it, and do not only show what is to be typed.")
@click.option("--undo", is_flag=True, help="The other way: have az forget this server.")
@click.option(
    "--ca",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The certificate of whoever signed the server's, PEM.",
)
@click.option(
    "--fingerprint", metavar="SHA256", help="That the server's certificate must have; else stop."
)
@click.option("--name", metavar="NAME", help="Of the cloud in az; the server's own, if not given.")
@click.option("--az", "program", metavar="FILE", help="The az to run; the one on the PATH.")
def az_setup(
    screen: Screen,
    *,
    server: str,
    write: bool,
    undo: bool,
    ca: Path | None,
    fingerprint: str | None,
    name: str | None,
    program: str | None,
) -> None:
    """Set up the Azure CLI for a registry, or show what is to be typed for that.

    Shows the certificate that has to be trusted, the lines that az needs, and how to sign in then.
    Nothing is changed without --write, which runs az and shows each command before it does.

    SERVER is HOST or HOST:PORT. What az keeps is in $AZURE_CONFIG_DIR, or else in ~/.azure.
    """
    from pratique.cli.az_server import secure_url  # noqa: PLC0415 - loaded when used

    url = secure_url(server)
    az = _Az(_found(program), write=write, quiet=screen.as_json)
    if undo:
        _undo(screen, az, url)
    else:
        _set_up(screen, az, url, ca, fingerprint, name)


@dataclass(frozen=True, slots=True)
class _Az:
    """The az of this user.

    Attributes:
        path: absolute; None when there is none.
        write: whether it is to be run.
        quiet: whether its commands are told in the end, not before each.
    """

    path: str | None
    write: bool
    quiet: bool

    def shown(self, words: Sequence[str]) -> str:
        """A command as it is typed."""
        return shlex.join([self.path if self.path and self.write else "az", *words])

    def check(self) -> None:
        """Return when what is to be done can be done.

        Raises:
            Failed: it cannot.
        """
        if self.write and self.path is None:
            raise Failed(
                "`az` is not on the PATH; install the Azure CLI or name it with --az FILE. Without "
                "--write it is shown what to type"
            )

    def run(self, words: Sequence[str], bundle: Path | None) -> None:
        """Run it, with what it prints left to be seen only when it fails.

        Raises:
            Failed: it did.
        """
        assert self.path is not None  # noqa: S101 - it was checked
        if not self.quiet:
            click.echo(f"+ {self.shown(words)}")
        variables = {"REQUESTS_CA_BUNDLE": str(bundle)} if bundle else {}
        try:
            done = subprocess.run(  # noqa: S603 - an absolute path and a list of words, no shell
                [self.path, *words],
                check=False,
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **variables},
                timeout=_DEADLINE_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Failed(f"`{self.shown(words)}` did not end well: {error}") from error
        if done.returncode != 0:
            said = done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}"
            raise Failed(f"`{self.shown(words)}` failed: {said}")


def _found(program: str | None) -> str | None:
    found = shutil.which(program or "az")
    if program is not None and found is None:
        raise Failed(f"`{program}` is not a programme that can be run")
    return str(Path(found).absolute()) if found else None


def _set_up(
    screen: Screen,
    az: _Az,
    url: str,
    ca: Path | None,
    fingerprint: str | None,
    name: str | None,
) -> None:
    from pratique.cli import az_plan as plan  # noqa: PLC0415 - loaded when used
    from pratique.cli.az_bundle import Bundle  # noqa: PLC0415
    from pratique.cli.az_server import ask_server  # noqa: PLC0415
    from pratique.cli.az_state import az_folder, read_az  # noqa: PLC0415
    from pratique.cli.az_trust import roots_of_az, trust_of  # noqa: PLC0415
    from pratique.cli.servers import host_of  # noqa: PLC0415

    bundle, host = Bundle.of_this_user(), host_of(url)
    roots = roots_of_az(bundle.path)
    trust = trust_of(url, roots, ca, fingerprint)
    found = ask_server(url, trust.context)
    state = read_az(az_folder())
    cloud = plan.cloud_name(state, found, name)
    steps = plan.steps(state, found, cloud)
    az.check()
    made = bool(trust.added) and bundle.is_made(host, roots, trust)
    if az.write:
        if trust.added and not made:
            if not trust.vouched_by:
                _confirm(host, trust.fingerprint)
            bundle.write(host, roots, trust)
        file = bundle.path if trust.added else (roots.source if roots.named else None)
        for step in steps:
            if not step.done:
                az.run(step.words, file)
    variables = {}
    if trust.added or (roots.named and roots.source != bundle.path):
        variables["REQUESTS_CA_BUNDLE"] = str(bundle.path if trust.added else roots.source)
    if os.environ.get("AZURE_CONFIG_DIR"):
        variables["AZURE_CONFIG_DIR"] = str(state.folder)
    told: dict[str, Any] = {
        "server": host,
        "cloud": cloud,
        "tenant": found.tenant,
        "login_server_suffix": found.suffix,
        "az": az.path,
        "az_folder": str(state.folder),
        "written": az.write,
        "certificate": {
            "fingerprint": trust.fingerprint,
            "issuer": trust.issuer,
            "vouched_by": trust.vouched_by or None,
            "bundle": str(bundle.path) if trust.added else None,
            "bundle_there": made or (az.write and bool(trust.added)),
        },
        "variables": variables,
        "steps": [
            {
                "command": ["az", *step.words],
                "reason": step.reason,
                "state": "already" if step.done else ("done" if az.write else "to do"),
            }
            for step in steps
        ],
        "advice": {"telemetry": ["az", *plan.NO_TELEMETRY]},
        "login": plan.logins(found.tenant),
        "sdks": {
            language: list(lines)
            for language, lines in plan.sdk_lines(
                found, variables.get("REQUESTS_CA_BUNDLE")
            ).items()
        },
        "has_port": found.has_port,
    }
    screen.show(told, *_lines(told, roots_source=str(roots.source), ca=ca))


def _confirm(host: str, fingerprint: str) -> None:
    """Return when a person says that this is the server's own certificate.

    Raises:
        Failed: nobody can be asked, or they say no.
    """
    if not sys.stdin.isatty():
        raise Failed(
            f"nobody vouches for the certificate of {host}, with the fingerprint {fingerprint}; "
            "compare it with the server's own, and give it with --fingerprint, or give the "
            "certificate itself with --ca FILE"
        )
    click.echo(f"{host} shows a certificate with the SHA-256 fingerprint\n\n  {fingerprint}\n")
    if not click.confirm("Is that the server's own? Whoever has its key can read your secrets"):
        raise Failed("nothing was changed")


def _undo(screen: Screen, az: _Az, url: str) -> None:
    from pratique.cli.az_bundle import Bundle  # noqa: PLC0415 - loaded when used
    from pratique.cli.az_plan import steps_back  # noqa: PLC0415
    from pratique.cli.az_state import az_folder, read_az  # noqa: PLC0415
    from pratique.cli.az_trust import roots_of_az  # noqa: PLC0415
    from pratique.cli.servers import host_of  # noqa: PLC0415

    bundle, host = Bundle.of_this_user(), host_of(url)
    state = read_az(az_folder())
    steps = steps_back(state, url)
    file, kept = bundle.authority(host), bundle.path
    trusted = file.is_file()
    if steps:
        az.check()
    if az.write:
        for step in steps:
            az.run(step.words, None)
        bundle.forget(host, roots_of_az(kept))
    content = {
        "server": host,
        "written": az.write,
        "steps": [{"command": ["az", *step.words], "reason": step.reason} for step in steps],
        "removed": [str(file)] if trusted else [],
    }
    if not steps and not trusted:
        screen.show(content, f"az knows nothing of {host}.")
        return
    typed = [az.shown(step.words) for step in steps] + ([f"rm {file}"] if trusted else [])
    if az.write:
        lines = [f"az has forgotten {host}."]
        if trusted and not kept.exists():
            lines.append("Take REQUESTS_CA_BUNDLE out of your profile: its file is gone.")
        screen.show(content, *lines)
    else:
        screen.show(content, *commands("Type, or add --write:", *typed))


def _lines(told: dict[str, Any], *, roots_source: str, ca: Path | None) -> list[str]:
    certificate = told["certificate"]
    lines = aligned(
        {
            "Server": told["server"],
            "Cloud in az": told["cloud"],
            "Tenant": told["tenant"],
            "az": told["az"] or "is not on the PATH",
            "Settings of az": told["az_folder"],
            "Certificate": certificate["fingerprint"],
            "Vouched for by": certificate["vouched_by"] or "nobody",
        }
    )
    if not certificate["vouched_by"]:
        lines += [
            "",
            "Compare the fingerprint with that of the server's own file before you trust it:",
            "",
            "  openssl x509 -in DATA/tls/certificate.pem -noout -fingerprint -sha256",
        ]
    if told["written"]:
        lines += ["", *_outcome(told)]
    else:
        lines += ["", *_to_type(told, roots_source, ca)]
    lines += ["", *commands("Telemetry goes to Microsoft unless you say:", _typed(told["advice"]))]
    lines += ["", "Sign in:", "", *aligned(told["login"], "  ")]
    for language, needed in told["sdks"].items():
        lines += ["", *commands(f"Azure's SDKs for {language}:", *needed)]
    if told["has_port"]:
        lines += [
            "",
            "`az acr check-health` takes no login server with a port; all else does.",
        ]
    return lines


def _outcome(told: dict[str, Any]) -> list[str]:
    done = sum(step["state"] == "done" for step in told["steps"])
    lines = [
        f"az is set up for {told['server']}."
        if done
        else f"az was set up for {told['server']} already."
    ]
    if told["variables"]:
        exports = _exports(told)
        lines += ["", *commands("Put this into your shell's profile, and type it now:", *exports)]
    return lines


def _to_type(told: dict[str, Any], roots_source: str, ca: Path | None) -> list[str]:
    certificate = told["certificate"]
    lines = []
    if certificate["bundle"] and not certificate["bundle_there"]:
        bundle = Path(certificate["bundle"])
        source = str(ca) if ca else "CERTIFICATE.pem"
        parts = [roots_source, source]
        lines += [
            f"mkdir -p {shlex.quote(str(bundle.parent))}",
            f"cat {shlex.join(parts)} > {shlex.quote(str(bundle))}",
        ]
    lines += _exports(told)
    lines += [shlex.join(step["command"]) for step in told["steps"] if step["state"] != "already"]
    if not lines:
        return ["az is set up already."]
    return commands("Type, or have it done with --write:", *lines)


def _exports(told: dict[str, Any]) -> list[str]:
    return [f"export {name}={shlex.quote(value)}" for name, value in told["variables"].items()]


def _typed(advice: dict[str, list[str]]) -> str:
    return shlex.join(advice["telemetry"])
