"""A request for a token, whichever of the five ways a client sends it (reference 2.4)."""

from __future__ import annotations

from dataclasses import dataclass

from pratique.http.wire.authorization import parse_authorization
from pratique.http.wire.messages import Request, parse_form
from pratique.identity import NULL_GUID, BasicCredentials, Credentials, NoCredentials
from pratique.naming import TokenScope, parse_scopes

MAX_FORM_BYTES = 64 * 1024
_GRANTS = frozenset({"password", "refresh_token"})


class UnreadableTokenRequest(ValueError):
    """A form that no client of this protocol sends."""


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What is asked, and what is shown for it.

    Attributes:
        service: for which registry; empty when the client does not say.
        wants_refresh_token: whether the client asked to be spared its password from now on.
        shown_refresh_token: the refresh token that was shown, to be given back; None otherwise.
    """

    credentials: Credentials
    scopes: tuple[TokenScope, ...]
    service: str
    wants_refresh_token: bool
    shown_refresh_token: str | None


def from_query(request: Request) -> TokenRequest:
    """The GET form of the distribution token specification, credentials in the header.

    Raises:
        UnreadableCredentials: the Authorization header is broken.
        InvalidName: a scope is malformed.
    """
    parameters = request.parameters()
    credentials = parse_authorization(request.header("authorization"))
    return TokenRequest(
        credentials,
        parse_scopes(parameters.get("scope", [])),
        parameters.get("service", [""])[0],
        parameters.get("offline_token", [""])[0].lower() == "true",
        _refresh_token_in(credentials),
    )


async def from_form(request: Request) -> TokenRequest:
    """The POST form of the OAuth2 specification, credentials in the body or the header.

    A form without credentials, or with an empty refresh token as the SDKs' anonymous client sends
    it, asks for nobody in particular.

    Raises:
        UnreadableTokenRequest: unknown grant, or not a form.
        UnreadableCredentials, InvalidName, BodyTooLarge, BodyTruncated: as they say.
    """
    content = await request.read(MAX_FORM_BYTES)
    try:
        form = parse_form(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UnreadableTokenRequest("the form is not UTF-8") from error
    fields = {name: values[0] for name, values in form.items()}
    grant = fields.get("grant_type", "")
    if grant not in _GRANTS:
        raise UnreadableTokenRequest(
            f"`grant_type` must be `password` or `refresh_token`, not `{grant[:40]}`"
        )
    credentials = _form_credentials(grant, fields)
    if isinstance(credentials, NoCredentials):
        credentials = parse_authorization(request.header("authorization"))
    return TokenRequest(
        credentials,
        parse_scopes(form.get("scope", [])),
        fields.get("service", ""),
        fields.get("access_type", "") == "offline",
        _refresh_token_in(credentials),
    )


def _form_credentials(grant: str, fields: dict[str, str]) -> Credentials:
    refresh_token = fields.get("refresh_token", "")
    if refresh_token:
        return BasicCredentials(NULL_GUID, refresh_token)
    user_name = fields.get("username", "")
    if grant == "password" and user_name:
        return BasicCredentials(user_name, fields.get("password", ""))
    return NoCredentials()


def _refresh_token_in(credentials: Credentials) -> str | None:
    if isinstance(credentials, BasicCredentials) and credentials.user_name == NULL_GUID:
        return credentials.password
    return None
