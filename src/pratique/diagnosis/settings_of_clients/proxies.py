"""Proxy variables, of a shell or of a service, as programmes in Go read them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, final

_NAMES: Final = {
    "https": ("HTTPS_PROXY", "https_proxy"),
    "http": ("HTTP_PROXY", "http_proxy"),
    "no": ("NO_PROXY", "no_proxy"),
}
PROXY_VARIABLES: Final = frozenset(name for names in _NAMES.values() for name in names)
_LOGIN = re.compile(r"^((?:[A-Za-z][A-Za-z0-9+.-]*://)?)[^/]*@")


@final
class ProxyValues(Mapping[str, str]):
    """Values of `https`, `http` and `no`; a password in them is not in the representation."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(frozenset(self._values.items()))

    def __repr__(self) -> str:
        return repr({name: _LOGIN.sub(r"\1***@", value) for name, value in self._values.items()})


def proxies_in(environment: Mapping[str, str]) -> ProxyValues:
    """The proxies of an environment: upper case first, the empty counts as absent."""
    return ProxyValues(
        {
            kind: value
            for kind, names in _NAMES.items()
            if (value := next((environment[one] for one in names if environment.get(one)), ""))
        }
    )
