"""Causes in what is stored: broken files, and entries without a credential for this client."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.diagnosis.facts.credentials import Client, Entry, Holding, Origin, Source
from pratique.diagnosis.facts.examination import Examination
from pratique.diagnosis.findings import Finding, certain
from pratique.diagnosis.rules.shape import Rule, choice, login_command, login_for, quoted
from pratique.diagnosis.rules.stored_shape import (
    OF_A_CLUSTER,
    entries_read,
    is_for_this_host,
    sends_in_vain,
    sends_nothing,
)


def broken_file(seen: Examination) -> Iterator[Finding]:
    """A file of logins that the client reads is no such file."""
    if seen.credentials is None or not (sends_nothing(seen) or sends_in_vain(seen)):
        return
    chosen = choice(seen)
    for source in seen.credentials.sources:
        if not source.read or not source.exists or source.fault_kind != "corrupt":
            continue
        if chosen is not None and source.order >= chosen.source.order:
            continue
        then = "goes on as if its logins were not there"
        if seen.wish.client is Client.PODMAN:
            then = "stops at it"
        yield certain(
            "corrupt-config-file",
            f"{source.name} cannot be used: {source.fault}; {seen.wish.client.value} {then}.",
            *_out_of_the_way(source),
            *([] if source.origin in OF_A_CLUSTER else [login_for(seen)]),
            evidence=[f"{source.name}: {source.fault}"],
        )
        return


def _out_of_the_way(source: Source) -> list[str]:
    if source.origin is Origin.DOCKER_ENVIRONMENT:
        return ["unset DOCKER_AUTH_CONFIG"]
    return [f"mv {quoted(source.name)} {quoted(source.name + '.broken')}"]


def empty_entry(seen: Examination) -> Iterator[Finding]:
    """The registry has an entry, and no credential is in it."""
    if not sends_nothing(seen):
        return
    for source, entry in entries_read(seen):
        empty = entry.credential is None and not entry.helper
        if not empty or source.origin in OF_A_CLUSTER or source.fault_kind:
            continue
        if entry.holding is not Holding.IDENTITY_TOKEN and is_for_this_host(seen, entry):
            yield certain(
                "docker-credential-email-only-entry",
                f"{source.name} has an entry for `{entry.key}` without a credential that "
                f"{seen.wish.client.value} could send"
                + (f": {entry.fault}." if entry.fault else "."),
                login_for(seen),
                evidence=[f"the entry `{entry.key}` of {source.name} is there and holds none"],
            )
            return


def identity_token_alone(seen: Examination) -> Iterator[Finding]:
    """The entry holds an identity token, and the client reads user and password alone."""
    if not (sends_nothing(seen) or sends_in_vain(seen)):
        return
    chosen = choice(seen)
    for source, entry in entries_read(seen):
        if not is_for_this_host(seen, entry) or not _is_token_unread(source, entry):
            continue
        if chosen is not None and chosen.entry is not entry:
            continue
        reader = "the kubelet" if source.origin in OF_A_CLUSTER else seen.wish.client.value
        yield certain(
            "identity-token-without-refresh",
            f"The entry `{entry.key}` of {source.name} holds an identity token, and {reader} needs "
            "a user name and a password.",
            *([] if source.origin in OF_A_CLUSTER else [login_command(seen)]),
            evidence=[f"the entry `{entry.key}` of {source.name} has a token and no password"],
            advice="Use the user name and password of a service principal or a repository token; "
            "an identity token of `az acr login` also ends after three hours.",
        )
        return


def _is_token_unread(source: Source, entry: Entry) -> bool:
    if entry.credential is None:
        return entry.holding is Holding.IDENTITY_TOKEN
    # The kubelet takes the pair beside the token, whose password is empty.
    return source.origin in OF_A_CLUSTER and bool(entry.fault) and not entry.credential.secret


RULES: tuple[Rule, ...] = (broken_file, empty_entry, identity_token_alone)
