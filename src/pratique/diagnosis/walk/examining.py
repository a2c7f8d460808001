"""One run of the doctor, from the words that were typed to what was seen."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from pratique.diagnosis.credentials import read_credentials
from pratique.diagnosis.facts.azure_cli import AzSettings, host_in
from pratique.diagnosis.facts.credentials import Client, Kubernetes
from pratique.diagnosis.facts.examination import Examination, Outcome, Place, Wish
from pratique.diagnosis.machine import Machine
from pratique.diagnosis.references import Misread, Reference, read_host, read_reference
from pratique.diagnosis.settings_of_clients import read_azure_cli, read_settings
from pratique.diagnosis.walk.afterwards import ask_on, try_push
from pratique.diagnosis.walk.approach import AGENT, Approach
from pratique.diagnosis.walk.progress import Progress
from pratique.diagnosis.walk.pulling import Pull
from pratique.diagnosis.walk.visiting_az import visit_as_az

# Of the address of a registry and a decision's id, what it says about it; None for nothing.
Explain = Callable[[str, str], dict[str, object] | None]
_DECISION: Final = re.compile(r"Decision: ([0-9A-Za-z-]{6,64})")


def examine(
    machine: Machine,
    wish: Wish,
    *,
    kubernetes: Kubernetes | None = None,
    auth_file: str = "",
    explain: Explain | None = None,
) -> Examination:
    """Look at everything that a pull depends on.

    Args:
        machine: on which the pull would run.
        wish: what is to be found out.
        kubernetes: what was read of a cluster, when the pull is that of a pod.
        auth_file: podman's `--authfile`; empty for none.
        explain: asks a Pratique server about one of its decisions.
    """
    seen = Examination(wish, _place(machine), kubernetes=kubernetes)
    progress = Progress(seen, machine.clock)
    try:
        reference = read_host(wish.image) if wish.login_only else read_reference(wish.image)
    except Misread as misread:
        seen.misread, seen.outcome = misread, Outcome.MISREAD
        progress.note("read the name", str(misread), well=False)
        return seen
    seen.reference = reference
    progress.note("read the name", f"`{reference}`", well=True)
    seen.settings = read_settings(machine, reference, wish.client)
    seen.credentials = read_credentials(machine, reference, wish.client, kubernetes, auth_file)
    seen.az = _az(machine, wish, reference)
    choice = seen.credentials.choice
    words = f"found in {choice.source.name}" if choice else "there is none"
    progress.note("find the credential", words, well=None if choice is None else True)
    if seen.settings.blocked_by:
        seen.outcome = Outcome.FORBIDDEN_HERE
    elif not wish.offline:
        _walk(machine, seen, reference, progress, explain)
    return seen


def _walk(
    machine: Machine,
    seen: Examination,
    reference: Reference,
    progress: Progress,
    explain: Explain | None,
) -> None:
    approach = Approach(machine, seen, reference, progress)
    try:
        if approach.ping():
            pull = Pull(approach.requests, machine.clock, seen, reference, progress)
            if seen.wish.login_only:
                _log_in(seen, pull)
            else:
                _pull(seen, pull, machine, reference)
        if seen.outcome is not Outcome.GRANTED:
            approach.mirrors()
            approach.neighbours()
            _explained(seen, explain)
        if seen.wish.az or seen.outcome in {Outcome.REFUSED, Outcome.NO_TOKEN}:
            _look_at_az(machine, seen, reference, approach, progress)
    finally:
        approach.requests.close()
        seen.exchanges = approach.requests.sent


def _az(machine: Machine, wish: Wish, reference: Reference) -> AzSettings | None:
    """How az is set up, where it is asked for or knows this registry."""
    # A node and what runs on it have no use for az.
    if not wish.az and wish.client is Client.CONTAINERD:
        return None
    found, host = read_azure_cli(machine), reference.server
    if wish.az or found.cloud_of(host) is not None:
        return found
    # A further registry of a server that az knows; the server itself is yet to say so.
    return found if not wish.offline and found.cloud_by_suffix(host) is not None else None


def _look_at_az(
    machine: Machine,
    seen: Examination,
    reference: Reference,
    approach: Approach,
    progress: Progress,
) -> None:
    visit = visit_as_az(machine, seen, reference, approach.requests, AGENT)
    if visit is None or seen.az is None:
        return
    manager = host_in(visit.server.resource_manager) if visit.server else ""
    if not seen.wish.az and seen.az.cloud_of(reference.server, manager) is None:
        seen.az = None
        return
    seen.az_visit = visit
    if visit.server is not None and visit.document.failure is None:
        words, well = f"it acts in `{seen.az.active}`", None
    elif visit.document.failure is not None:
        words, well = visit.document.failure.why.value, False
    else:
        words, well = "the registry has nothing to tell it", False
    progress.note("look at az", words, well=well)


def _pull(seen: Examination, pull: Pull, machine: Machine, reference: Reference) -> None:
    if pull.enter() and pull.manifest():
        pull.blob()
    if seen.outcome is not Outcome.GRANTED:
        ask_on(seen, pull, machine.clock, reference.manifest)
    if seen.wish.push:
        try_push(seen, pull)


def _log_in(seen: Examination, pull: Pull) -> None:
    if not pull.enter():
        if pull.realm is not None and seen.outcome is Outcome.NO_TOKEN:
            seen.login = seen.identified
        return
    if pull.realm is None:
        pull.greet()
    elif pull.credential is not None:
        seen.outcome = Outcome.GRANTED
    else:
        seen.outcome = Outcome.NO_TOKEN


def _explained(seen: Examination, explain: Explain | None) -> None:
    said = " ".join(
        exchange.answer.said
        for exchange in (seen.repeated, *(each.exchange for each in seen.manifests))
        if exchange is not None and exchange.answer is not None
    )
    tokens = [each for each in (seen.identified, seen.anonymous) if each is not None]
    said += " ".join(each.last.answer.said for each in tokens if each.last.answer)
    found = _DECISION.search(said)
    if found is None or seen.registry is None:
        return
    seen.decision_id = found[1]
    if explain is not None:
        seen.explanation = explain(seen.registry.url, found[1])


def _place(machine: Machine) -> Place:
    known = machine.environment
    return Place(
        machine.user,
        machine.home,
        machine.is_root,
        machine.system,
        machine.architecture,
        machine.variant,
        known.get("SUDO_USER", ""),
        known.get("GITHUB_ACTIONS") == "true",
        known.get("GITLAB_CI") == "true",
        machine.clock.now(),
    )
