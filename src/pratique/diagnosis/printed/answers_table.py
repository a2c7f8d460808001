"""What is told about every cause that a text can name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pratique.diagnosis.printed.answers import Answer
from pratique.diagnosis.printed.answers_chain import CHAIN
from pratique.diagnosis.printed.answers_logins import LOGINS
from pratique.diagnosis.printed.answers_registries import REGISTRIES

ANSWERS: Final[Mapping[str, Answer]] = MappingProxyType({**CHAIN, **LOGINS, **REGISTRIES})
"""By the id of the cause."""
