"""Causes in what a pull secret holds: another server's key, broken data, a dead password."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from pratique.diagnosis.facts.credentials import Entry, Holding, Origin, Source
from pratique.diagnosis.facts.examination import Examination
from pratique.diagnosis.findings import Finding, certain, suspected
from pratique.diagnosis.rules.registries import Kind, kind_of
from pratique.diagnosis.rules.shape import Rule, choice, host, pulls, quoted
from pratique.diagnosis.rules.stored_shape import (
    address_in,
    is_for_this_host,
    listed,
    sends_in_vain,
    sends_nothing,
)
from pratique.diagnosis.rules.tokens import expiry_of

_MOST_SHOWN: Final = 3


def other_server(seen: Examination) -> Iterator[Finding]:
    """The pull secrets in force are for other servers than the image's."""
    if seen.credentials is None or not sends_nothing(seen):
        return
    close = [pair for pair in seen.credentials.near if _in_force(pair[0])]
    every = [
        (source, entry)
        for source in seen.credentials.sources
        if _in_force(source) and not source.fault
        for entry in source.entries
    ]
    if any(is_for_this_host(seen, entry) and not _is_close(close, entry) for _, entry in every):
        return
    pairs = close or every
    if not pairs:
        return
    source, entry = pairs[0]
    keys = list(dict.fromkeys(each.key for _, each in pairs))[:_MOST_SHOWN]
    yield (certain if close else suspected)(
        "k8s-secret-wrong-server-key",
        f"The pull secret `{_name_of(source)}` is written for {listed(keys)}, and the kubelet "
        f"looks up `{seen.credentials.key}`.",
        *(_made_again(seen, source) if close else [_made(seen, source, "SECRET")]),
        evidence=[f"{source.name} has the key `{entry.key}`"],
        advice="" if close else "Name the new secret in `imagePullSecrets` as well.",
    )


def malformed(seen: Examination) -> Iterator[Finding]:
    """A pull secret in force cannot be read as one."""
    if seen.credentials is None or not (sends_nothing(seen) or sends_in_vain(seen)):
        return
    chosen = choice(seen)
    for source in seen.credentials.sources:
        if not _in_force(source):
            continue
        entries = [
            each
            for each in source.entries
            if each.fault and not _is_token(each) and is_for_this_host(seen, each)
        ]
        entry = next((each for each in entries if chosen is None or chosen.entry is each), None)
        fault = source.fault or (f"entry `{entry.key}`: {entry.fault}" if entry else "")
        if not fault:
            continue
        namespace, _, name = source.name.removeprefix("Secret ").partition("/")
        yield certain(
            "k8s-secret-malformed",
            f"The pull secret `{name}` in `{namespace}` is not well formed: {fault}.",
            *_made_again(seen, source),
            evidence=[f"{source.name}: {fault}"],
            advice="Let `kubectl create secret docker-registry` write it, never by hand.",
        )
        return


def amazon_password_kept(seen: Examination) -> Iterator[Finding]:
    """A pull secret holds a password of Amazon's registry, whose twelve hours are over."""
    chosen = choice(seen)
    if chosen is None or chosen.source.origin is not Origin.PULL_SECRET or pulls(seen):
        return
    if kind_of(seen) is not Kind.ECR or chosen.credential.username != "AWS":
        return
    end = expiry_of(chosen.credential)
    if end is None or end > seen.place.now.timestamp():
        return
    at = datetime.fromtimestamp(end, UTC)
    yield certain(
        "ecr-token-in-static-secret",
        f"The pull secret `{_name_of(chosen.source)}` holds a password of Amazon's "
        f"registry that ended at {at:%Y-%m-%d %H:%M} UTC; such a password lives 12 hours at most.",
        evidence=[f"the stored password's own end is {at:%Y-%m-%d %H:%M:%S} UTC"],
        advice="Give the nodes' role the right to pull and the kubelet `ecr-credential-provider`, "
        "or have a CronJob write the secret anew.",
    )


def _in_force(source: Source) -> bool:
    return source.origin is Origin.PULL_SECRET and source.read and source.exists


def _is_close(close: list[tuple[Source, Entry]], entry: Entry) -> bool:
    return any(each is entry for _, each in close)


def _is_token(entry: Entry) -> bool:
    if entry.holding is Holding.IDENTITY_TOKEN:
        return True
    return entry.credential is not None and not entry.credential.secret


def _server(seen: Examination) -> str:
    name = seen.credentials.key if seen.credentials else host(seen)
    return "https://index.docker.io/v1/" if address_in(name) == "docker.io" else name


def _made_again(seen: Examination, source: Source) -> list[str]:
    if len(source.entries) > 1:
        # Made again, it would lose the logins for other registries.
        return [_made(seen, source, "SECRET")]
    namespace, _, name = source.name.removeprefix("Secret ").partition("/")
    gone = f"kubectl delete secret {quoted(name)} -n {quoted(namespace)}"
    return [gone, _made(seen, source, quoted(name))]


def _made(seen: Examination, source: Source, name: str) -> str:
    namespace = quoted(source.name.removeprefix("Secret ").partition("/")[0])
    return (
        f"kubectl create secret docker-registry {name} --docker-server={quoted(_server(seen))} "
        f"--docker-username=USER --docker-password=PASSWORD -n {namespace}"
    )


def _name_of(source: Source) -> str:
    return source.name.rpartition("/")[2]


RULES: tuple[Rule, ...] = (other_server, malformed, amazon_password_kept)
