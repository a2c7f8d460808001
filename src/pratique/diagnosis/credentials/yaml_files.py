"""YAML (and JSON, which is YAML), bounded and without types of its own."""

from __future__ import annotations

from itertools import islice
from typing import Final

_MOST_DOCUMENTS: Final = 200
_MOST_LETTERS: Final = 1024 * 1024
_MOST_ALIASES: Final = 50


class NotYaml(Exception):
    """The text is no YAML; the message says where, without any of the text."""


def parse_documents(text: str) -> list[object]:
    """The documents of a text, at most 200.

    A text that refers to its own parts more than 50 times is refused, since a small one could then
    stand for a very large one.

    Raises:
        NotYaml: it is none.
    """
    import yaml  # noqa: PLC0415 - it is slow to load and seldom needed

    if len(text) > _MOST_LETTERS:
        raise NotYaml("it is longer than 1 MiB")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        aliases = sum(isinstance(one, yaml.AliasEvent) for one in yaml.parse(text, Loader=loader))
        if aliases > _MOST_ALIASES:
            raise NotYaml("it refers to its own parts too often")
        return list(islice(yaml.load_all(text, Loader=loader), _MOST_DOCUMENTS))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark is not None else ""
        raise NotYaml(f"it is no YAML{where}") from None
    except RecursionError:
        raise NotYaml("it is nested too deep") from None
    except (yaml.YAMLError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError):
        raise NotYaml("it is no YAML") from None
