"""Forms that are posted to the directory (RFC 6749 section 3.2, appendix B)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pratique.http.sts.faults import Fault, OAuthError
from pratique.http.sts.visit import Visit
from pratique.http.wire.messages import BodyTooLarge, BodyTruncated, TooManyFields, parse_form
from pratique.naming.errors import printable

MAX_FORM_BYTES: Final = 64 * 1024
_FORM = "application/x-www-form-urlencoded"
_SECRET_PARAMETERS: Final = (
    "client_secret",
    "client_assertion",
    "password",
    "refresh_token",
    "code",
    "device_code",
    "code_verifier",
    "assertion",
)


async def read_form(visit: Visit) -> Mapping[str, str]:
    """The fields of a form that was posted, each once.

    Raises:
        OAuthError: as `read_body` and `form_of`.
    """
    return form_of(await read_body(visit))


async def read_body(visit: Visit) -> bytes:
    """The bytes of a form.

    Raises:
        OAuthError: it is no form, too large, or a secret stands in the address, where it would be
            written into logs.
    """
    request = visit.request
    try:
        if request.query:
            _check_address(request.parameters())
        if (request.header("content-type") or "").partition(";")[0].strip().lower() != _FORM:
            raise OAuthError(Fault.MALFORMED, f"send a form, with `Content-Type: {_FORM}`")
        return await request.read(MAX_FORM_BYTES)
    except BodyTooLarge as error:
        raise OAuthError(Fault.TOO_LARGE, str(error)) from error
    except (TooManyFields, BodyTruncated) as error:
        raise OAuthError(Fault.MALFORMED, str(error)) from error


def form_of(body: bytes) -> Mapping[str, str]:
    """The fields of a form.

    Raises:
        OAuthError: it is not UTF-8, has too many fields, or one of them twice.
    """
    try:
        form = parse_form(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise OAuthError(Fault.MALFORMED, "the form is not UTF-8") from error
    except TooManyFields as error:
        raise OAuthError(Fault.MALFORMED, str(error)) from error
    for name, values in form.items():
        if len(values) > 1:
            raise OAuthError(
                Fault.MALFORMED, f"the form contains the parameter `{printable(name)}` twice"
            )
    return {name: values[0] for name, values in form.items()}


def _check_address(parameters: Mapping[str, list[str]]) -> None:
    for name in _SECRET_PARAMETERS:
        if name in parameters:
            raise OAuthError(
                Fault.SECRET_IN_URL,
                f"`{name}` stands in the address, where logs keep it; send it in the form, and "
                "take it for known to others",
            )
