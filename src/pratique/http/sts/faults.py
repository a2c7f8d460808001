"""The error table of the directory: OAuth's word (RFC 6749 section 5.2), Entra ID's number.

Clients act on the word and on some numbers; people search for the numbers. The sentences are our
own.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

from pratique.http.wire.challenges import BASIC_CHALLENGE
from pratique.http.wire.messages import Response, json_response
from pratique.http.wire.refusals import decision_headers

NO_STORE = (("cache-control", "no-store"), ("pragma", "no-cache"))


class Fault(Enum):
    """One way to be refused: status, OAuth's word, Entra ID's number, and what it means.

    MSAL keeps a 400 for a minute, so what may be right at the next attempt is a 401.
    """

    INVALID_TENANT = (400, "invalid_tenant", 90002, "the address names no tenant of this registry")
    METHOD = (405, "invalid_request", 900561, "the address takes another HTTP method")
    MALFORMED = (400, "invalid_request", 9000411, "the request is no form, or a parameter repeats")
    TOO_LARGE = (413, "invalid_request", 900410, "the form is larger than 64 KiB")
    SECRET_IN_URL = (400, "invalid_request", 900144, "a secret stands in the address")
    PARAMETER_MISSING = (400, "invalid_request", 900144, "a parameter is missing")
    UNSUPPORTED_GRANT = (400, "unsupported_grant_type", 70003, "the grant is not known here")
    INVALID_SCOPE = (
        400,
        "invalid_scope",
        1002012,
        "the scope is not of the form RESOURCE/.default",
    )
    INVALID_RESOURCE = (400, "invalid_resource", 500011, "no tokens are made for the resource")
    UNKNOWN_CLIENT = (401, "invalid_client", 700016, "no application has the client id")
    NO_CREDENTIAL = (401, "invalid_client", 7000218, "neither a secret nor an assertion was shown")
    WRONG_SECRET = (401, "invalid_client", 7000215, "the client secret is wrong")
    SECRET_EXPIRED = (401, "invalid_client", 7000222, "the client secret has expired")
    DISABLED = (401, "unauthorized_client", 7000112, "the application is disabled")
    ASSERTION_MALFORMED = (401, "invalid_client", 50027, "the client assertion cannot be read")
    ASSERTION_KEY = (401, "invalid_client", 700027, "the client assertion's key or signature fails")
    ASSERTION_CLAIMS = (401, "invalid_client", 700021, "a claim of the client assertion is wrong")
    ASSERTION_AUDIENCE = (401, "invalid_client", 700023, "the client assertion is for another")
    ASSERTION_EXPIRED = (401, "invalid_client", 700024, "the client assertion has expired")
    OUTSIDE_TOKEN = (401, "invalid_client", 50013, "an outside issuer's token is not taken")
    NO_FEDERATED_MATCH = (401, "invalid_client", 70021, "no federated credential fits the token")
    KEYS_UNAVAILABLE = (503, "temporarily_unavailable", 90033, "an issuer's keys cannot be had")
    WRONG_PASSWORD = (401, "invalid_grant", 50126, "the user name or the password is wrong")
    USER_DISABLED = (401, "invalid_grant", 50057, "the user is disabled")
    SECOND_FACTOR_MISSING = (400, "interaction_required", 50076, "the user has a second factor")
    GRANT_REVOKED = (400, "invalid_grant", 50173, "the sign-in behind the grant was revoked")
    CODE_INVALID = (400, "invalid_grant", 70000, "the code or the refresh token is not taken")
    CODE_REPLAYED = (400, "invalid_grant", 54005, "the authorization code was redeemed before")
    VERIFIER_WRONG = (400, "invalid_grant", 501481, "the PKCE verifier does not fit")
    REFRESH_EXPIRED = (400, "invalid_grant", 700082, "the refresh token has expired")
    DEVICE_PENDING = (400, "authorization_pending", 70016, "the user has not answered yet")
    DEVICE_TOO_FAST = (400, "slow_down", 70016, "the client polls too often")
    DEVICE_EXPIRED = (400, "expired_token", 70020, "the device code has expired")
    DEVICE_DENIED = (400, "access_denied", 65004, "the user denied the sign-in")
    REDIRECT_URI = (400, "invalid_request", 50011, "the redirect URI is not the client's")
    RESPONSE_TYPE = (400, "unsupported_response_type", 700054, "only codes are given out")
    CHALLENGE_MISSING = (400, "invalid_request", 9002325, "PKCE with S256 is required")
    LOGIN_REQUIRED = (400, "login_required", 50058, "nobody is signed in in the browser")
    INTERACTION_REQUIRED = (400, "interaction_required", 16000, "the user must be asked")
    CANCELLED = (400, "access_denied", 65004, "the user did not go on")
    NOT_KEPT = (503, "temporarily_unavailable", 90033, "the sign-in cannot be kept")
    LDAP_UNAVAILABLE = (
        503,
        "temporarily_unavailable",
        80001,
        "the LDAP server that keeps the password cannot be asked",
    )
    TOO_MANY = (429, "temporarily_unavailable", 90055, "too many wrong sign-ins; wait")

    def __init__(self, status: int, error: str, number: int, meaning: str) -> None:
        self.status = status
        self.error = error
        self.number = number
        self.meaning = meaning


class OAuthError(Exception):
    """The directory does not do what was asked; the sentence says why and what to do.

    Attributes:
        decision_id: under which a refused sign-in was recorded; None for a request that is no
            sign-in.
    """

    def __init__(
        self,
        fault: Fault,
        sentence: str,
        *,
        decision_id: str | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(sentence)
        self.fault = fault
        self.decision_id = decision_id
        self.headers = headers


def oauth_error(error: OAuthError, at: datetime, trace_id: str) -> Response:
    """The answer that tells of `error`, in Entra ID's shape.

    Args:
        error: to tell of.
        at: now, with a time zone.
        trace_id: a new id; it is the correlation id too where nothing was recorded.
    """
    fault, correlation_id = error.fault, error.decision_id or trace_id
    timestamp = f"{at:%Y-%m-%d %H:%M:%SZ}"
    description = (
        f"AADSTS{fault.number}: {error}. Trace ID: {trace_id} "
        f"Correlation ID: {correlation_id} Timestamp: {timestamp}"
    )
    content: dict[str, Any] = {
        "error": fault.error,
        "error_description": description,
        "error_codes": [fault.number],
        "timestamp": timestamp,
        "trace_id": trace_id,
        "correlation_id": correlation_id,
    }
    challenge = (("www-authenticate", BASIC_CHALLENGE),) if fault.status == 401 else ()
    recorded = decision_headers(error.decision_id) if error.decision_id else ()
    return json_response(fault.status, content, *NO_STORE, *challenge, *error.headers, *recorded)
