"""Causes in names: of the image, and of the keys under which logins are stored."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.diagnosis.facts.credentials import Client, Entry, Origin, Source
from pratique.diagnosis.facts.examination import Examination, Outcome
from pratique.diagnosis.findings import Finding, certain, suspected
from pratique.diagnosis.logins import ECR_HOST
from pratique.diagnosis.references import DOCKER_HUB, split_port
from pratique.diagnosis.rules.registries import Kind, kind_of
from pratique.diagnosis.rules.shape import Rule, host, image, login_command, login_for, quoted
from pratique.diagnosis.rules.stored_shape import (
    HUB_NAMES,
    address_in,
    as_tested,
    entries_read,
    is_login,
    listed,
    logins_elsewhere,
    name_in,
    pull_command,
    sends_in_vain,
    sends_nothing,
)

_MOST_SHOWN = 3


def unreadable_name(seen: Examination) -> Iterator[Finding]:
    """No client takes the text for an image."""
    misread = seen.misread
    if misread is None:
        return
    text = seen.wish.image
    if misread.uppercase:
        right = text.replace(misread.uppercase, misread.uppercase.lower())
        yield certain(
            "uppercase-host-or-repository",
            f"No client takes `{text}`: a repository is written in lower case.",
            pull_command(seen, right),
        )
        return
    plain = text.strip().partition("://")[2]
    yield certain(
        "invalid-reference",
        f"No client takes `{text}` for {'a registry' if seen.wish.login_only else 'an image'}: "
        f"{misread}.",
        *([pull_command(seen, plain)] if plain and not seen.wish.login_only else []),
        advice="" if plain else "An image is named `HOST[:PORT]/REPOSITORY[:TAG][@DIGEST]`.",
    )


def upper_case_host(seen: Examination) -> Iterator[Finding]:
    """The host has upper-case letters, by which it is another word for the client."""
    name = host(seen)
    if seen.reference is None or name == name.lower():
        return
    right = image(seen).replace(name, name.lower(), 1)
    bare = not set(name) & {".", ":"}
    if bare and (seen.wish.offline or seen.outcome is Outcome.UNREACHABLE):
        yield certain(
            "uppercase-host-or-repository",
            f"`{name}` is taken for the host of a registry, because it has upper-case letters; a "
            "name at Docker Hub is in lower case.",
            pull_command(seen, right),
        )
        return
    near = [entry for _, entry in _near(seen) if address_in(entry.key) == name.lower()]
    if near and sends_nothing(seen):
        yield certain(
            "uppercase-host-or-repository",
            f"The login is stored for `{near[0].key}`, and {seen.wish.client.value} looks up "
            f"`{name}`, letter by letter.",
            pull_command(seen, right),
            evidence=[f"the stored key is `{near[0].key}`"],
        )
    elif kind_of(seen) is Kind.ACR and (sends_nothing(seen) or sends_in_vain(seen)):
        yield suspected(
            "uppercase-host-or-repository",
            f"`{name}` has upper-case letters, with which an Azure registry may refuse.",
            pull_command(seen, right),
        )


def default_host(seen: Examination) -> Iterator[Finding]:
    """The image names no registry, and a login for another one is there."""
    reference = seen.reference
    if reference is None or reference.host_given or reference.host != DOCKER_HUB:
        return
    # Podman asks the registries that it is told to search.
    searches = seen.wish.client is Client.PODMAN and seen.settings.search != (DOCKER_HUB,)
    if searches or not (sends_nothing(seen) or sends_in_vain(seen)):
        return
    others = logins_elsewhere(seen)
    if not others:
        return
    path = reference.repository.removeprefix("library/")
    owner = path.partition("/")[0]
    meant = [each for each in others if each.partition(".")[0] == owner]
    clear = reference.repository.startswith("library/") or meant
    tell = certain if clear and not seen.wish.offline else suspected
    end = f"{':' + reference.tag if reference.tag else ''}" + (
        f"@{reference.digest}" if reference.digest else ""
    )
    short = path.partition("/")[2] if meant and "/" in path else path
    shown = (meant or others)[:_MOST_SHOWN]
    yield tell(
        "docker-hub-default-host",
        f"`{seen.wish.image}` names no registry, so Docker Hub is asked for "
        f"`{reference.repository}`; the logins here are for {listed(others)}.",
        *(pull_command(seen, f"{each}/{short if meant else path}{end}") for each in shown),
        evidence=[f"there is a login for `{each}`" for each in shown],
    )


def wrong_key(seen: Examination) -> Iterator[Finding]:
    """There is a login for this host as people read it, under a key that the client passes over."""
    if not sends_nothing(seen) or seen.credentials is None:
        return
    for source, entry in _near(seen):
        if source.origin is Origin.PULL_SECRET or not is_login(entry):
            continue
        looked_up = f"{seen.wish.client.value} looks up `{seen.credentials.key}`"
        if host(seen) == DOCKER_HUB and name_in(entry.key) in HUB_NAMES:
            yield certain(
                "docker-hub-key-wrong",
                f"The login for Docker Hub stands under `{entry.key}` in {source.name}, and "
                f"{looked_up}.",
                login_command(seen),
                evidence=[f"{source.name} has the key `{entry.key}`"],
            )
            return
        if _differs_by_port(seen, entry):
            yield certain(
                "port-in-host-key",
                f"The login is stored for `{address_in(entry.key)}` in {source.name}, and "
                f"{looked_up}: with and without a port are two keys.",
                login_command(seen),
                evidence=[f"{source.name} has the key `{entry.key}`"],
                advice="Log in with the very spelling of the image, or name the image as the login "
                "does.",
            )
            return


def google_host_missing(seen: Examination) -> Iterator[Finding]:
    """Google's helper or a login is there for other hosts of Google, not for this one."""
    if kind_of(seen) not in {Kind.GAR, Kind.GCR} or not sends_nothing(seen):
        return
    if any(name_in(entry.key) == name_in(host(seen)) for _, entry in entries_read(seen)):
        return
    others = [each for each in logins_elsewhere(seen) if _is_google(each)]
    if others:
        yield as_tested(seen)(
            "gar-helper-host-not-configured",
            f"Google's login is set up for {listed(others)}, not for `{host(seen)}`; each host "
            "has to be named.",
            f"gcloud auth configure-docker {quoted(host(seen))}",
            evidence=[f"there is an entry for `{each}`" for each in others[:_MOST_SHOWN]],
        )


def other_amazon_host(seen: Examination) -> Iterator[Finding]:
    """There is a login for another region or account of Amazon's registry."""
    reference = seen.reference
    if reference is None or kind_of(seen) is not Kind.ECR or not sends_nothing(seen):
        return
    mine = ECR_HOST.fullmatch(reference.name.lower())
    for other in logins_elsewhere(seen):
        theirs = ECR_HOST.fullmatch(split_port(other)[0])
        if theirs is None or mine is None:
            continue
        what = "region" if theirs["account"] == mine["account"] else "account"
        yield as_tested(seen)(
            "ecr-wrong-region-or-account",
            f"The AWS login is for `{other}`, which is another {what} than `{reference.host}`.",
            login_for(seen),
            evidence=[f"there is a login for `{other}`"],
            advice="For an image of another account, that account's repository policy must also "
            "allow `ecr:BatchGetImage` and `ecr:GetDownloadUrlForLayer`."
            if what == "account"
            else "",
        )
        return


def _near(seen: Examination) -> tuple[tuple[Source, Entry], ...]:
    near = seen.credentials.near if seen.credentials else ()
    return tuple((source, entry) for source, entry in near if source.read)


def _differs_by_port(seen: Examination, entry: Entry) -> bool:
    mine, my_port = split_port(host(seen))
    theirs, their_port = split_port(address_in(entry.key))
    return mine.lower() == theirs.lower() and my_port != their_port


def _is_google(name: str) -> bool:
    plain = split_port(name)[0]
    return plain.endswith((".pkg.dev", ".gcr.io")) or plain == "gcr.io"


RULES: tuple[Rule, ...] = (
    unreadable_name,
    upper_case_host,
    default_host,
    wrong_key,
    google_host_missing,
    other_amazon_host,
)
