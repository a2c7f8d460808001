"""Whom a federated credential means: one subject exactly, or those of a safe pattern.

In a pattern, `*` stands for one or more characters other than `:` and `/`, so it cannot reach
from one part of a subject into the next, and `**` as the whole of the end stands for all the rest.
What stands before the first `*` must name an owner whole, so that no pattern takes in strangers.
"""

from __future__ import annotations

import re
from typing import Final

from pratique.identity.records import FederatedCredential
from pratique.naming import InvalidName

MAX_LENGTH: Final = 1024
_SEPARATORS = re.compile(r"([:/])")
_REST = "**"
# Two parts that are named whole: `repo:octo-org/`, `project_path:group/`, `spiffe://example.org/`.
_OWNER = re.compile(r"[^:/]+(?::[/]{2}|[:/])[^:/]+[:/]")
# Of a Kubernetes service account the first two parts are the same for everybody.
_SERVICE_ACCOUNT = "system:serviceaccount:"
# First words after which no owner stands: a host, or a claim that strangers have alike. A
# repository's owner may choose the words of its subjects, so these are not left to trust.
_OWNERLESS = frozenset(
    {
        "actor",
        "base_ref",
        "context",
        "environment",
        "event_name",
        "head_ref",
        "http",
        "https",
        "iss",
    }
    | {"ref", "ref_path", "ref_protected", "ref_type", "repository_visibility", "run_id"}
    | {"runner_environment", "sha", "system", "user_login", "workflow"}
)
_NAMESPACE = re.compile(rf"{_SERVICE_ACCOUNT}[^:/]+:")


def check_subject(text: str, *, pattern: bool) -> None:
    """Refuse what no token's subject could be, and patterns that take in strangers.

    Raises:
        InvalidName: with the rule that it breaks.
    """
    kind = "subject pattern" if pattern else "subject"
    if not text or len(text) > MAX_LENGTH or not text.isprintable() or text != text.strip():
        rule = f"it has 1 to {MAX_LENGTH} printable characters, without blanks around them"
        raise InvalidName(kind, text, rule)
    if not pattern:
        return
    if "*" not in text:
        raise InvalidName(kind, text, "it has no `*`; give it as an exact subject")
    literal = text[: text.index("*")]
    wanted = _NAMESPACE if literal.startswith(_SERVICE_ACCOUNT) else _OWNER
    ownerless = wanted is _OWNER and _SEPARATORS.split(text)[0].casefold() in _OWNERLESS
    if ownerless or wanted.match(literal) is None:
        raise InvalidName(
            kind,
            text,
            "before the first `*` it must name an owner whole, as in `repo:octo-org/*:**`, "
            "`project_path:group/*:ref_type:branch:ref:main` or `system:serviceaccount:team-a:*`",
        )
    body = text.removesuffix(_REST)
    if any(part.count("*") > 1 for part in _SEPARATORS.split(body)) or (
        body != text and not body.endswith((":", "/"))
    ):
        raise InvalidName(
            kind, text, "between two `:` or `/` one `*` may stand, and `**` only as the whole end"
        )


def subject_matches(credential: FederatedCredential, subject: str) -> bool:
    """Whether `credential` means `subject`; compared character by character, case included."""
    if not credential.pattern:
        return credential.subject == subject
    pattern = credential.subject
    body = pattern.removesuffix(_REST)
    wanted, given = _SEPARATORS.split(body), _SEPARATORS.split(subject)
    if body != pattern:
        # The last piece of the body is empty: it stands behind a separator.
        head = wanted[:-1]
        return len(given) > len(head) and given[-1] != "" and _fit(head, given[: len(head)])
    return len(wanted) == len(given) and _fit(wanted, given)


def _fit(wanted: list[str], given: list[str]) -> bool:
    return all(map(_fits, wanted, given))


def _fits(wanted: str, given: str) -> bool:
    before, star, after = wanted.partition("*")
    if not star:
        return wanted == given
    return (
        len(given) > len(before) + len(after) and given.startswith(before) and given.endswith(after)
    )
