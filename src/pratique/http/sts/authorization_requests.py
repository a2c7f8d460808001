"""What a programme asks for when it opens the sign-in page (RFC 6749 section 4.1.1, RFC 7636)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from pratique.admission.authorization_codes import is_challenge
from pratique.http.sts.delegated_scopes import WantedScopes, wanted_scopes
from pratique.http.sts.faults import Fault, OAuthError
from pratique.http.sts.public_clients import (
    PublicClient,
    check_redirect_uri,
    origin_of,
    public_client,
)
from pratique.http.sts.sign_in_pages import send_on_page
from pratique.http.sts.visit import Visit
from pratique.http.wire.messages import Response, TooManyFields
from pratique.naming.errors import printable

MAX_QUERY_BYTES: Final = 8192
_QUERY, _FORM_POST = "query", "form_post"
_PROMPTS = frozenset({"", "login", "none", "select_account", "consent"})


@dataclass(frozen=True, slots=True)
class ReturnAddress:
    """Where answers to a request go, checked before anything is sent there.

    Attributes:
        form_post: whether by a form instead of by the address.
        state: which goes back as it came; None when none came.
    """

    client: PublicClient
    redirect_uri: str
    form_post: bool
    state: str | None

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return origin_of(self.redirect_uri)

    def answer(self, host: str, fields: Mapping[str, str], *headers: tuple[str, str]) -> Response:
        """The response that carries an answer to the programme."""
        content = dict(fields)
        if self.state is not None:
            content["state"] = self.state
        if self.form_post:
            response = send_on_page(host, self.redirect_uri, self.origin, content)
            response.headers += headers
            return response
        location = f"{self.redirect_uri}?{urlencode(content)}"
        kept = (("cache-control", "no-store"), ("referrer-policy", "no-referrer"))
        # 303, so that the browser never sends on what was typed here.
        return Response(303, [("location", location), *kept, *headers])

    def error(self, host: str, error: OAuthError) -> Response:
        """The response that carries an error to the programme."""
        fault = error.fault
        description = f"AADSTS{fault.number}: {error}."
        return self.answer(host, {"error": fault.error, "error_description": description})


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request whose answer may be a code."""

    scopes: WantedScopes
    challenge: str
    nonce: str
    prompt: str
    login_hint: str


def read_parameters(visit: Visit) -> Mapping[str, str]:
    """The parameters of the address, each once.

    Raises:
        OAuthError: too many or too long, or one repeats.
    """
    if len(visit.request.query) > MAX_QUERY_BYTES:
        raise OAuthError(Fault.MALFORMED, f"the address is longer than {MAX_QUERY_BYTES} bytes")
    try:
        parameters = visit.request.parameters()
    except TooManyFields as error:
        raise OAuthError(Fault.MALFORMED, str(error)) from error
    repeated = [name for name, values in parameters.items() if len(values) > 1]
    if repeated:
        raise OAuthError(
            Fault.MALFORMED, f"the address contains the parameter `{printable(repeated[0])}` twice"
        )
    return {name: values[0] for name, values in parameters.items()}


def return_address(parameters: Mapping[str, str]) -> ReturnAddress:
    """Where the answer goes. What fails here is told to the user and sent nowhere.

    Raises:
        OAuthError: the client is not known, or the address is not one of its.
    """
    for name in ("client_id", "redirect_uri"):
        if not parameters.get(name):
            raise OAuthError(
                Fault.PARAMETER_MISSING, f"the address must contain the parameter `{name}`"
            )
    client, redirect_uri = public_client(parameters["client_id"]), parameters["redirect_uri"]
    check_redirect_uri(redirect_uri)
    form_post = parameters.get("response_mode") == _FORM_POST
    return ReturnAddress(client, redirect_uri, form_post, parameters.get("state"))


def authorization_request(parameters: Mapping[str, str], visit: Visit) -> AuthorizationRequest:
    """What is asked for.

    Raises:
        OAuthError: something that is not given here; told to the programme.
    """
    if parameters.get("response_type") != "code":
        raise OAuthError(Fault.RESPONSE_TYPE, "`response_type` must be `code`")
    if parameters.get("response_mode", _QUERY) not in {_QUERY, _FORM_POST}:
        raise OAuthError(Fault.MALFORMED, "`response_mode` must be `query` or `form_post`")
    # Without S256, whoever reads the answer on its way could redeem it (RFC 9700 section 2.1.1).
    challenge = parameters.get("code_challenge", "")
    if not is_challenge(challenge) or parameters.get("code_challenge_method") != "S256":
        raise OAuthError(
            Fault.CHALLENGE_MISSING,
            "`code_challenge` with `code_challenge_method=S256` is required (PKCE)",
        )
    prompt = parameters.get("prompt", "")
    if prompt not in _PROMPTS:
        raise OAuthError(Fault.MALFORMED, f"`prompt` cannot be `{printable(prompt)}`")
    return AuthorizationRequest(
        wanted_scopes(parameters.get("scope", ""), visit.arrival.front),
        challenge,
        parameters.get("nonce", ""),
        prompt,
        parameters.get("login_hint", ""),
    )
