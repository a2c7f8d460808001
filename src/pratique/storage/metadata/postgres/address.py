"""Where the database is: a URL as libpq knows it, and what may be shown of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

from pratique.registry.errors import StorageFailed

_SCHEMES: Final = ("postgresql", "postgres")
# Not libpq's: the driver would hand it to the server, which does not know it.
_CACHE_OPTION: Final = "statement_cache_size"
_PREPARED_STATEMENTS: Final = 512


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """A parsed URL.

    Attributes:
        url: for the driver; holds the password.
        shown: the server and the database, for messages.
        statement_cache_size: prepared statements to keep on each connection; 0 where a pooler
            such as PgBouncer gives each transaction another session.
        named: whether the URL says the application's name.
    """

    url: str
    shown: str
    statement_cache_size: int
    named: bool

    @classmethod
    def parse(cls, url: str) -> Self:
        """Parse `postgresql://USER:PASSWORD@HOST:PORT/DATABASE?OPTION=VALUE`.

        Raises:
            StorageFailed: it is no such URL; the words do not repeat it.
        """
        try:
            parts = urlsplit(url)
            options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=False))
            cache_size = int(options.pop(_CACHE_OPTION, _PREPARED_STATEMENTS))
        except ValueError as error:
            raise _not_valid("it cannot be read as a URL") from error
        if parts.scheme not in _SCHEMES:
            raise _not_valid("it does not begin with `postgresql://`")
        if cache_size < 0:
            raise _not_valid(f"`{_CACHE_OPTION}` is negative")
        return cls(
            parts._replace(query=urlencode(options)).geturl(),
            _shown(parts, options),
            cache_size,
            "application_name" in options,
        )

    def arguments(self) -> dict[str, Any]:
        """What the driver's `connect` is told."""
        settings = {} if self.named else {"application_name": "pratique"}
        return {
            "dsn": self.url,
            "statement_cache_size": self.statement_cache_size,
            "max_cached_statement_lifetime": 0,
            "server_settings": settings,
        }


def _shown(parts: SplitResult, options: dict[str, str]) -> str:
    host = parts.netloc.rpartition("@")[2] or options.get("host") or "the default host"
    name = unquote(parts.path.removeprefix("/")) or options.get("dbname") or "the default database"
    return f"`{name}` on `{unquote(host)}`"


def _not_valid(problem: str) -> StorageFailed:
    return StorageFailed(
        f"the address of the database is not valid: {problem}; "
        "write postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
    )
