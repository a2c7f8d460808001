"""Causes in what the known identity may do, and in what is there at all."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from difflib import get_close_matches

from pratique.diagnosis.facts.examination import Examination, Outcome
from pratique.diagnosis.findings import Finding, certain, suspected
from pratique.diagnosis.rules.registries import Kind, azure_name, kind_of
from pratique.diagnosis.rules.shape import (
    Rule,
    credential,
    credential_accepted,
    credential_refused,
    host,
    image,
    is_page,
    pulls,
    quoted,
    refusing,
    repository,
    said,
    shown,
)

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# What a remedy may ask an operator to type (pratique.access.steps); a server may not choose more.
_GRANTS = (
    ("pratique", "role", "assign"),
    ("pratique", "user", "enable"),
    ("pratique", "sp", "enable"),
    ("pratique", "token", "enable"),
    ("pratique", "token", "update"),
    ("pratique", "admin-user", "enable"),
    ("pratique", "anonymous-pull", "on"),
    ("pratique", "deny", "update"),
    ("pratique", "scope-map", "create"),
    ("pratique", "scope-map", "update"),
)
_TRANSIENT_MISSES = 3


def not_allowed(seen: Examination) -> Iterator[Finding]:
    """The registry knows who asks, and refuses."""
    used, asked = credential(seen), refusing(seen)
    if used is None or asked is None or not _forbidden(seen):
        return
    who = f"user `{used.username}`" if used.username else "the logged-in user"
    yield certain(
        "known-but-not-allowed",
        f"`{host(seen)}` knows {who}, who may not pull `{repository(seen)}`, if it is there at "
        "all: registries hide what one may not see.",
        evidence=[shown(asked), *_granted(seen)],
        advice="Check the spelling, then have the owner of the registry give this user the right "
        "to pull this repository.",
    )


def healed(seen: Examination) -> Iterator[Finding]:
    """The same request was refused first and granted a second later."""
    if seen.repeated is None or seen.repeated.status != 200 or pulls(seen):
        return
    missing = seen.outcome is Outcome.MISSING
    yield certain(
        "geo-replica-behind" if missing else "acr-role-propagation-delay",
        f"`{image(seen)}` was "
        + ("not there" if missing else "refused")
        + " at first, and given when it was asked for again a moment later: "
        + (
            "a replica has not caught up yet."
            if missing
            else "a change of rights has not arrived everywhere yet."
        ),
        evidence=[*([shown(asked)] if (asked := refusing(seen)) else []), shown(seen.repeated)],
        advice="Try again; give it some minutes.",
    )


def hidden(seen: Examination) -> Iterator[Finding]:
    """The tag is not in a list that may be read, and the refusal does not say so."""
    tags = seen.tags
    if seen.outcome is not Outcome.REFUSED or tags is None or tags.status != 200:
        return
    wanted = seen.reference.tag if seen.reference else ""
    if not wanted or wanted in seen.known_tags or not seen.known_tags:
        return
    yield certain(
        "tag-or-repository-missing-shown-as-unauthorized",
        f"`{repository(seen)}` may be read, and has no tag `{wanted}`; the refusal hides that."
        + _near(wanted, seen.known_tags),
        evidence=[shown(tags)],
    )


def missing(seen: Examination) -> Iterator[Finding]:
    """The registry says openly that it does not have it."""
    reference = seen.reference
    if seen.outcome is not Outcome.MISSING or reference is None or not seen.manifests:
        return
    last = seen.manifests[-1].exchange
    codes = {code for code, _ in last.answer.errors()} if last.answer else set()
    tags = seen.tags
    if reference.tag in seen.known_tags:
        return
    if tags is not None and tags.status == 200:
        yield certain(
            "tag-missing",
            f"`{repository(seen)}` is there and may be pulled, but has no `{reference.manifest}`."
            + _near(reference.manifest, seen.known_tags),
            evidence=[shown(last)],
        )
    elif "NAME_UNKNOWN" in codes or (tags is not None and tags.status == 404):
        yield certain(
            "repository-missing",
            f"`{host(seen)}` has no repository `{repository(seen)}`.",
            evidence=[shown(last)],
            advice="Check the spelling and the namespace.",
        )
    else:
        yield certain(
            "tag-missing",
            f"`{host(seen)}` does not have `{repository(seen)}` with `{reference.manifest}`.",
            evidence=[shown(last)],
            advice="Check the spelling of repository and tag.",
        )


def azure_rights(seen: Examination) -> Iterator[Finding]:
    """An Azure registry knows the identity, which has no role that pulls here."""
    used = credential(seen)
    if kind_of(seen) is not Kind.ACR or used is None or not _forbidden(seen):
        return
    name, scope = azure_name(seen), f"$(az acr show -n {azure_name(seen)} --query id -o tsv)"
    is_identity = _GUID.fullmatch(used.username) is not None or used.identity_token is not None
    if not is_identity and used.username.lower() != name:
        if _lacks_pull(seen):
            yield certain(
                "acr-scope-map-lacks-repository",
                f"The scope map of the token `{used.username}` does not let it read "
                f"`{repository(seen)}`.",
                f"az acr scope-map update -n MAP -r {name} "
                f"--add-repository {quoted(repository(seen))} content/read metadata/read",
                evidence=_granted(seen),
                advice="A wildcard in a scope map must end in `/*`.",
            )
        return
    if not is_identity:
        return
    who = quoted(used.username) if _is_named(used.username) else "PRINCIPAL"
    yield suspected(
        "acr-role-without-pull-action-or-at-wrong-scope",
        f"The identity has no role with `Microsoft.ContainerRegistry/registries/pull/read` at "
        f"`{host(seen)}`, or one at another scope.",
        f"az role assignment list --assignee {who} --scope {scope} --include-inherited "
        "--include-groups",
        f"az role assignment create --assignee {who} --role AcrPull --scope {scope}",
        evidence=_granted(seen),
    )
    if seen.identified is not None and seen.identified.token and not _actions(seen):
        yield suspected(
            "acr-abac-mode-ignores-acrpull",
            f"`{host(seen)}` may be in the mode in which AcrPull does not count.",
            f"az acr show -n {name} --query roleAssignmentMode",
            f"az role assignment create --assignee {who} "
            f"--role 'Container Registry Repository Reader' --scope {scope}",
            evidence=["a token is given, and allows nothing"],
        )


def pratique_says(seen: Examination) -> Iterator[Finding]:
    """Pratique refused somebody whom it knows, and says why."""
    asked = seen.login.last if credential_refused(seen) and seen.login else refusing(seen)
    told = said(asked).partition(", visit ")[0] if asked else ""
    # Whoever shows the right secret of a disabled account is told so, and nobody else.
    known = credential_accepted(seen) or (credential_refused(seen) and "is disabled" in told)
    if not seen.decision_id or not known:
        return
    explained = seen.explanation or {}
    server = host(seen)
    commands = _smallest_grant(explained.get("remedies"), server)
    yield certain(
        "pratique-refusal",
        f"The registry says: {told}." if told else "The registry refused, and says why.",
        *(commands or [f"pratique why {seen.decision_id} --server {quoted(server)}"]),
        evidence=[
            *([f"reason: {explained['reason']}"] if explained.get("reason") else []),
            f"decision {seen.decision_id}",
        ],
        advice=""
        if commands
        else "Give the decision's id to the operator of the registry, who sees the smallest grant.",
    )


def _smallest_grant(remedies: object, server: str) -> list[str]:
    """The commands of the first remedy, for that server; none when any is of another kind."""
    first = remedies[0] if isinstance(remedies, list) and remedies else []
    commands = []
    for line in first if isinstance(first, list) else []:
        for part in str(line).split(" && "):
            try:
                words = shlex.split(part)
            except ValueError:
                return []
            grants = any(words[: len(each)] == list(each) for each in _GRANTS)
            if not grants or any(word.startswith(("--server", "--data")) for word in words):
                return []
            commands.append(shlex.join([*words, "--server", server]))
    return commands


def _forbidden(seen: Examination) -> bool:
    if seen.wish.login_only or not credential_accepted(seen):
        return False
    if seen.outcome is Outcome.NO_TOKEN:
        asked = seen.identified.last if seen.identified else None
        known = asked is not None and asked.status in {400, 401, 403, 404}
        return known and asked is not None and not is_page(asked)
    if seen.outcome is not Outcome.REFUSED or not seen.manifests:
        return False
    if any(each.error == "invalid_token" for each in seen.refusal_challenges):
        return False
    granted = _actions(seen)
    if granted is not None and "pull" in granted and _bare_challenge(seen):
        return False
    last = seen.manifests[-1].exchange
    return last.status in {401, 403} and not is_page(last)


def _bare_challenge(seen: Examination) -> bool:
    # As if nothing had been sent: not the identity is refused, its header got lost.
    last = seen.manifests[-1].exchange
    return last.status == 401 and not any(each.error for each in seen.refusal_challenges)


def _actions(seen: Examination) -> frozenset[str] | None:
    grant = seen.identified.grant if seen.identified else None
    return grant.actions if grant else None


def _lacks_pull(seen: Examination) -> bool:
    request = seen.identified
    if request is None or not request.token:
        return seen.login is not None and seen.login.token
    return (
        request.grant is not None
        and request.grant.readable
        and "pull" not in (request.grant.actions or ())
    )


def _granted(seen: Examination) -> list[str]:
    request = seen.identified
    if request is None:
        return []
    if not request.token:
        return [f"a token for `{repository(seen)}` is not given, one for nothing is"]
    if request.grant is None or not request.grant.readable:
        return []
    allowed = ", ".join(sorted(request.grant.actions or ())) or "nothing"
    return [f"the token allows {allowed} on `{repository(seen)}`"]


def _near(wanted: str, known: tuple[str, ...]) -> str:
    close = get_close_matches(wanted, known, n=_TRANSIENT_MISSES, cutoff=0.5)
    if close:
        return f" It has {', '.join(f'`{tag}`' for tag in close)}."
    return ""


def _is_named(username: str) -> bool:
    return _GUID.fullmatch(username) is not None and set(username) != {"0", "-"}


RULES: tuple[Rule, ...] = (
    pratique_says,
    not_allowed,
    healed,
    hidden,
    missing,
    azure_rights,
)
