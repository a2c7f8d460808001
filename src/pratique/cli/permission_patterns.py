"""Patterns of permissions on the command line, for roles and deny assignments alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import click

from pratique.cli.verbs import Operation

KEYS = ("actions", "not_actions", "data_actions", "not_data_actions")
_PULL = "Microsoft.ContainerRegistry/registries/pull/read"


def permission_options(holds: str) -> Callable[[Operation], Operation]:
    """The four options, given to a verb under the names of `KEYS`.

    Args:
        holds: what the pattern's permissions are to the thing that is made, for the help.
    """
    options = (
        click.option(
            "--action",
            "actions",
            multiple=True,
            metavar="PATTERN",
            help=f"A permission that it {holds}, such as {_PULL}; `*` stands for any run of "
            "characters. May be given several times, as may the next three.",
        ),
        click.option(
            "--not-action",
            "not_actions",
            multiple=True,
            metavar="PATTERN",
            help="What to take out of the actions again.",
        ),
        click.option(
            "--data-action",
            "data_actions",
            multiple=True,
            metavar="PATTERN",
            help=f"A permission on content that it {holds} while the registry is in mode abac.",
        ),
        click.option(
            "--not-data-action",
            "not_data_actions",
            multiple=True,
            metavar="PATTERN",
            help="What to take out of the data actions again.",
        ),
    )

    def decorate(operation: Operation) -> Operation:
        for option in reversed(options):
            operation = option(operation)
        return operation

    return decorate


def doubts(patterns: Mapping[str, Sequence[str]]) -> list[str]:
    """Lines about patterns that match no permission known here; none when there is no doubt.

    Pratique knows the permissions of registries and of what stands beside them, so a pattern of
    another product is doubted too.

    Args:
        patterns: by the names of `KEYS`.
    """
    lines = list(_each_doubt(patterns))
    if not lines:
        return []
    opening = "these patterns match no permission that is known here; look for slips:"
    return [opening, "", *(f"  {line}" for line in lines)]


def _each_doubt(patterns: Mapping[str, Sequence[str]]) -> Iterator[str]:
    from pratique.access import known_permissions as known  # noqa: PLC0415 - loaded when used
    from pratique.access.permissions import permission_matches  # noqa: PLC0415

    actions = (*known.POWERS, *known.REGISTRY_CONTROL, *known.DATA_BY_ACTIONS)
    for key in KEYS:
        data = key.endswith("data_actions")
        mine, others = (known.DATA_ACTIONS, actions) if data else (actions, known.DATA_ACTIONS)
        for pattern in patterns[key]:
            if any(permission_matches(pattern, permission) for permission in mine):
                continue
            if any(permission_matches(pattern, permission) for permission in others):
                kind = "an action" if data else "a data action"
                yield f"{pattern}  ({kind} is called so)"
            else:
                yield pattern
