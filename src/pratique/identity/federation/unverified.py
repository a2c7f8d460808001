"""A compact JWT taken apart, nothing of it believed yet (RFC 7515 section 3.1, RFC 7519).

Promises: what comes out is bounded, is JSON that every reader understands alike, and can be
written back as UTF-8. Whoever reads it decides only which issuer to ask for keys.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from pratique.identity.registry_tokens import TokenRejected
from pratique.identity.sign_in import SignInFailure

MAX_LENGTH: Final = 16 * 1024
_MAX_KEY_ID = 512
_MAX_DIGITS = 40
_PART = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
# `typ` as issuers write it: plain JWTs, access tokens of RFC 9068, JWT-SVIDs.
_TYPES = frozenset({"jwt", "at+jwt", "application/jwt", "application/at+jwt", "jose"})


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """The parts of a token whose signature nobody has checked.

    Attributes:
        algorithm: the header's `alg`.
        key_id: the header's `kid`, empty when there is none; keys that the header carries or points
            to are not looked at.
        members: the payload.
        signed: the bytes that the signature is over.
    """

    algorithm: str
    key_id: str
    members: Mapping[str, Any]
    signed: bytes
    signature: bytes

    @property
    def issuer(self) -> str:
        """What the token says of its issuer; empty for nothing."""
        claimed = self.members.get("iss")
        return claimed if isinstance(claimed, str) else ""


def take_apart(text: str) -> UnverifiedToken:
    """The parts of the compact JWT `text`.

    Raises:
        TokenRejected: it is too long, no JWT, encrypted, not signed, or has a member twice.
    """
    if len(text) > MAX_LENGTH:
        raise malformed(f"it is longer than {MAX_LENGTH} characters")
    parts = text.split(".")
    if len(parts) != 3:
        raise malformed("a signed JWT has three parts, joined by dots")
    header = _json(_decoded(parts[0], "header"), "header")
    algorithm, key_id = header.get("alg"), header.get("kid")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise malformed("its header's `typ` is none of a JWT")
    if "crit" in header or "b64" in header:
        raise malformed("its header asks for extensions that nobody knows here")
    if not isinstance(algorithm, str) or not algorithm or algorithm.lower() == "none":
        raise malformed("it is not signed (header `alg`)")
    if "kid" in header and (not isinstance(key_id, str) or not 0 < len(key_id) <= _MAX_KEY_ID):
        raise malformed("its header's `kid` names no key")
    members = _json(_decoded(parts[1], "payload"), "payload")
    signature = _decoded(parts[2], "signature")
    return UnverifiedToken(
        algorithm, key_id or "", members, text[: text.rfind(".")].encode(), signature
    )


def json_object(content: bytes) -> dict[str, Any]:
    """The JSON object that `content` is, each member once, all of it fit for UTF-8.

    Raises:
        ValueError: it is not; the message says in what.
    """
    try:
        document = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_once_each,
            parse_constant=_no_such_number,
            parse_float=_finite,
            parse_int=_whole,
        )
        # Escapes can make half characters, which would fail later, where they are written.
        json.dumps(document, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except UnicodeError as error:
        raise ValueError("it is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise ValueError("it is not JSON") from error
    if not isinstance(document, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004 - a value, not a type, is wrong
    return document


def malformed(cause: str) -> TokenRejected:
    """The refusal of what is no token at all."""
    return TokenRejected(SignInFailure.TOKEN_INVALID, f"the token is malformed: {cause}")


def _decoded(part: str, name: str) -> bytes:
    # Python's decoder passes over what is not of the alphabet; one token would have many texts.
    if _PART.fullmatch(part) is None or len(part) % 4 == 1:
        raise malformed(f"its {name} is not base64url")
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _json(content: bytes, name: str) -> dict[str, Any]:
    try:
        return json_object(content)
    except ValueError as error:
        raise malformed(f"in its {name}, {error}") from error


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a member occurs twice")
    return made


def _no_such_number(_text: str) -> NoReturn:
    raise ValueError("there is a number that JSON does not have")


def _whole(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise ValueError("there is a number out of range")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise ValueError("there is a number out of range")
    return number
