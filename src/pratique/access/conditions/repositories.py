"""The condition that people mean when they name repositories on a command line."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pratique.access.conditions.condition import Condition
from pratique.access.conditions.expressions import (
    ActionMatches,
    Attribute,
    Comparison,
    Source,
)
from pratique.access.conditions.facts import REPOSITORY_NAME
from pratique.access.conditions.operators import Operator, Relation
from pratique.access.conditions.values import Kind
from pratique.naming import InvalidName, RepositoryName
from pratique.naming.names import MAX_REPOSITORY_LENGTH

_KIND = "repository pattern"
_LEGAL = re.compile(r"[a-z0-9._/*-]+")
_STARS = re.compile(r"\*+")
_NAME = Attribute(Source.REQUEST, REPOSITORY_NAME)


def for_repositories(patterns: Iterable[str], data_actions: Iterable[str]) -> Condition:
    """The condition that lets `data_actions` happen on repositories of some pattern only.

    It is written as one guarded block, one target for each data action and one comparison for
    each pattern, which the editors of Azure can read.

    Args:
        patterns: `team/app` for one repository, `team/*` for all below `team/`; a `*` anywhere
            stands for any run of characters, slashes too.
        data_actions: full permission strings; all that the role grants, since others pass.

    Raises:
        InvalidName: a pattern can match no repository's name, or there is none.
        InvalidCondition: there are so many that the condition is longer than 8 KB.
        ValueError: there is no data action.
    """
    targets = [f"!({ActionMatches(action)})" for action in data_actions]
    if not targets:
        raise ValueError("a condition without a target lets everything pass")
    comparisons = [str(_comparison(pattern)) for pattern in patterns]
    if not comparisons:
        raise InvalidName(_KIND, "", "name at least one, such as `team/*`")
    return Condition.parse(f"(({' AND '.join(targets)}) OR ({' OR '.join(comparisons)}))")


def _comparison(pattern: str) -> Comparison:
    _check(pattern)
    text = _STARS.sub("*", pattern)
    if "*" not in text:
        return _string(Relation.EQUALS, RepositoryName(text))
    if text.index("*") == len(text) - 1 and len(text) > 1:
        return _string(Relation.STARTS_WITH, text[:-1])
    return _string(Relation.LIKE, text)


def _string(relation: Relation, text: str) -> Comparison:
    # Names of repositories are in lower case, so no operator needs to ignore case.
    return Comparison(_NAME, Operator(Kind.STRING, relation), None, (str(text),))


def _check(pattern: str) -> None:
    if not pattern:
        raise InvalidName(_KIND, pattern, "it is empty; write `*` for every repository")
    if pattern.lower() != pattern:
        raise InvalidName(_KIND, pattern, "names of repositories are in lower case")
    if len(pattern) > MAX_REPOSITORY_LENGTH:
        raise InvalidName(_KIND, pattern, f"it is longer than {MAX_REPOSITORY_LENGTH} characters")
    if _LEGAL.fullmatch(pattern) is None:
        raise InvalidName(
            _KIND,
            pattern,
            "use lower-case letters, digits, `.`, `_`, `-` and `/`, and `*` for any run of them",
        )
    if pattern.endswith("/"):
        raise InvalidName(_KIND, pattern, f"write `{pattern}*` for all that is below it")
    if pattern.startswith("/") or "//" in pattern:
        raise InvalidName(_KIND, pattern, "no name begins with `/` or holds two of them in a row")
