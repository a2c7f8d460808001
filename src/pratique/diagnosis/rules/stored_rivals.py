"""Causes in logins that compete: one is sent and refused, another is never looked at."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.diagnosis.facts.credentials import (
    Credential,
    Entry,
    HelperOutcome,
    HelperRun,
    Holding,
    Origin,
    Source,
)
from pratique.diagnosis.facts.examination import Examination
from pratique.diagnosis.findings import Finding, certain
from pratique.diagnosis.rules.shape import (
    Rule,
    choice,
    login_command,
    login_for,
    logout_command,
    quoted,
    refusing,
    shown,
)
from pratique.diagnosis.rules.stored_shape import (
    OF_A_CLUSTER,
    helper_named,
    helper_taken_out,
    sends_in_vain,
    sends_nothing,
)


def in_the_way(seen: Examination) -> Iterator[Finding]:
    """What the client looks at first gives the wrong login or none; another one is there."""
    found = seen.credentials
    chosen = choice(seen)
    if found is None or seen.wish.offline:
        return
    empty = next((run for run in found.helpers if run.outcome is HelperOutcome.EMPTY), None)
    for source, entry in found.overridden:
        if chosen is None:
            if empty is not None and entry.credential is not None and sends_nothing(seen):
                yield _without_effect(seen, empty, source, entry)
                return
            continue
        if not sends_in_vain(seen) or chosen.source.origin in OF_A_CLUSTER:
            return
        same_place = source.name == chosen.source.name and chosen.helper is None
        if same_place or entry.credential == chosen.credential:
            continue
        who = f"the login of user `{chosen.credential.username}`"
        if not chosen.credential.username:
            who = "a token"
        place = f"the helper `{chosen.helper.helper}`" if chosen.helper else chosen.source.name
        yield certain(
            "helper-overrides-auths",
            f"{seen.wish.client.value} sends {who} from {place}, which is refused; the one "
            f"{_place_of(source, entry)} is never looked at.",
            *_first_out_of_the_way(seen),
            evidence=[
                f"sent: {who} from {place}",
                *([shown(asked)] if (asked := refusing(seen)) else []),
            ],
        )
        return


def two_keys(seen: Examination) -> Iterator[Finding]:
    """Two keys of one file stand for this host, with different credentials."""
    chosen = choice(seen)
    if chosen is None or seen.credentials is None or chosen.source.origin in OF_A_CLUSTER:
        return
    if not sends_in_vain(seen):
        return
    for source, entry in seen.credentials.overridden:
        same_file = source.name == chosen.source.name
        if not same_file or entry.credential in {None, chosen.credential} or chosen.helper:
            continue
        program = login_command(seen).partition(" ")[0]
        keys = dict.fromkeys([chosen.entry.key, entry.key])
        yield certain(
            "legacy-url-key-shadows-new",
            f"{source.name} has two logins for this host: `{chosen.entry.key}` "
            f"({_who(chosen.credential)}) is sent and refused, `{entry.key}` "
            f"({_who(entry.credential)}) is not looked at.",
            *(f"{program} logout {quoted(key)}" for key in keys),
            login_for(seen),
            evidence=[f"sent: the one under `{chosen.entry.key}`"],
        )
        return


def _without_effect(seen: Examination, run: HelperRun, source: Source, entry: Entry) -> Finding:
    return certain(
        "helper-overrides-auths",
        f"{helper_named(seen, run)}, and it has none; the login {_place_of(source, entry)} is "
        "never looked at.",
        *helper_taken_out(seen, run),
        login_command(seen),
        evidence=[f"`docker-credential-{run.helper}` {run.outcome.value}"],
    )


def _first_out_of_the_way(seen: Examination) -> list[str]:
    chosen = choice(seen)
    if chosen is None:
        return []
    if chosen.source.origin is Origin.DOCKER_ENVIRONMENT:
        return ["unset DOCKER_AUTH_CONFIG"]
    if chosen.helper is not None and chosen.entry.holding is Holding.HELPER:
        return [*helper_taken_out(seen, chosen.helper), login_command(seen)]
    return [logout_command(seen), login_command(seen)]


def _who(credential: Credential | None) -> str:
    if credential is None or not credential.username:
        return "a token"
    return f"user `{credential.username}`"


def _place_of(source: Source, entry: Entry) -> str:
    user = entry.credential.username if entry.credential else ""
    who = f"of user `{user}` " if user else ""
    return f"{who}in {source.name}"


RULES: tuple[Rule, ...] = (in_the_way, two_keys)
