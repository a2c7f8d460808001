"""How an application proves itself to the token endpoint (RFC 6749 section 2.3, RFC 7523)."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote_plus

from pratique.access import DirectoryPrincipal
from pratique.admission import Caller
from pratique.admission.application_gate import ApplicationGate
from pratique.http.edge import Entrance
from pratique.http.sts.faults import Fault, OAuthError
from pratique.http.sts.grants import TokenRequest
from pratique.http.sts.tenants import tenant_names
from pratique.http.sts.visit import Visit
from pratique.http.wire.authorization import UnreadableCredentials, parse_authorization
from pratique.identity import BasicCredentials, NoCredentials
from pratique.identity.application_refusals import ApplicationFault, ApplicationRefused
from pratique.identity.application_sign_in import ClientSecret, ProvedApplication
from pratique.identity.client_assertions import UnverifiedAssertion
from pratique.identity.federation import KeysUnavailable

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

_FAULTS = {
    ApplicationFault.UNKNOWN_CLIENT: Fault.UNKNOWN_CLIENT,
    ApplicationFault.WRONG_SECRET: Fault.WRONG_SECRET,
    ApplicationFault.SECRET_EXPIRED: Fault.SECRET_EXPIRED,
    ApplicationFault.DISABLED: Fault.DISABLED,
    ApplicationFault.ASSERTION_MALFORMED: Fault.ASSERTION_MALFORMED,
    ApplicationFault.KEY_UNKNOWN: Fault.ASSERTION_KEY,
    ApplicationFault.ASSERTION_SIGNATURE: Fault.ASSERTION_KEY,
    ApplicationFault.CERTIFICATE_EXPIRED: Fault.ASSERTION_KEY,
    ApplicationFault.ASSERTION_CLAIMS: Fault.ASSERTION_CLAIMS,
    ApplicationFault.ASSERTION_AUDIENCE: Fault.ASSERTION_AUDIENCE,
    ApplicationFault.ASSERTION_EXPIRED: Fault.ASSERTION_EXPIRED,
    ApplicationFault.OUTSIDE_TOKEN: Fault.OUTSIDE_TOKEN,
    ApplicationFault.NO_FEDERATED_MATCH: Fault.NO_FEDERATED_MATCH,
    ApplicationFault.TOO_MANY: Fault.TOO_MANY,
}


class ClientAuthentication:
    """Turns what a token request shows into an application.

    Args:
        gate: checks what is shown, and counts guesses.
        entrance: records refusals.
    """

    def __init__(self, gate: ApplicationGate, entrance: Entrance) -> None:
        self._gate = gate
        self._entrance = entrance

    async def prove(self, asked: TokenRequest) -> ProvedApplication:
        """The application that sends the request.

        Raises:
            OAuthError: it shows nothing, two things, or what proves nobody; the last is recorded.
        """
        visit = asked.visit
        try:
            client_id, shown = _shown(asked)
            by_assertion = isinstance(shown, UnverifiedAssertion)
            proved = await self._gate.authenticate(
                visit.arrival.snapshot,
                client_id,
                shown,
                source=visit.request.client,
                audiences=assertion_audiences(visit) if by_assertion else frozenset(),
                at=visit.at,
            )
        except ApplicationRefused as refused:
            raise self._told(visit, refused) from refused
        except KeysUnavailable as error:
            self._entrance.record_fault(visit.arrival, str(error))
            raise OAuthError(
                Fault.KEYS_UNAVAILABLE,
                "the keys of the issuer of the client assertion cannot be had now; try again, or "
                "see the registry's log",
            ) from error
        application = proved.application
        caller = Caller(DirectoryPrincipal(application.object_id), application.display_name)
        visit.arrival.facts.sign_in(caller, "client_credentials")
        return proved

    def _told(self, visit: Visit, refused: ApplicationRefused) -> OAuthError:
        wait = refused.retry_after_seconds
        return OAuthError(
            _FAULTS[refused.fault],
            str(refused),
            decision_id=self._entrance.record_sign_in(visit.arrival, refused.reason),
            headers=() if wait is None else (("retry-after", str(wait)),),
        )


def assertion_audiences(visit: Visit) -> frozenset[str]:
    """Everything that the `aud` of a client assertion may be, in lower case.

    Clients write the token endpoint's address as they found or built it, v2 or v1, with the tenant
    by any of its names; RFC 7523 names the issuer too. The host is one of the registry's own names:
    an assertion that another server was shown is worth nothing here.
    """
    front, tenants = visit.arrival.front, tenant_names(visit.arrival.snapshot.registry)
    scheme = front.base_url.partition("://")[0]
    roots = [f"{scheme}://{host}/{tenant}" for host in front.audiences for tenant in tenants]
    ends = ("/oauth2/v2.0/token", "/oauth2/token", "/v2.0")
    return frozenset(f"{root}{end}".lower() for root in roots for end in ends)


def _shown(asked: TokenRequest) -> tuple[str, ClientSecret | UnverifiedAssertion]:
    """The client id, and the one thing that is shown for it.

    Raises:
        OAuthError, ApplicationRefused: nothing, several things, or what cannot be read.
    """
    basic = _basic(asked)
    secret, assertion = asked.field("client_secret"), asked.field("client_assertion")
    if sum(map(bool, (basic, secret, assertion))) > 1:
        raise OAuthError(
            Fault.MALFORMED, "the request proves the client in two ways at once; send one"
        )
    if basic is not None:
        client_id, secret = basic
        if asked.field("client_id") not in {"", client_id}:
            raise OAuthError(Fault.MALFORMED, "the header and the form name different clients")
        return client_id, ClientSecret(secret)
    if secret:
        return asked.wanted("client_id"), ClientSecret(secret)
    if not assertion:
        asked.wanted("client_id")
        raise OAuthError(
            Fault.NO_CREDENTIAL,
            "the request must contain `client_secret` or `client_assertion`",
        )
    if asked.wanted("client_assertion_type") != ASSERTION_TYPE:
        raise OAuthError(Fault.MALFORMED, f"`client_assertion_type` must be `{ASSERTION_TYPE}`")
    unverified = UnverifiedAssertion.parse(assertion)
    # RFC 7521 section 4.2 leaves the client id out where the assertion says it.
    return asked.field("client_id") or unverified.subject, unverified


def _basic(asked: TokenRequest) -> tuple[str, str] | None:
    """Client id and secret of the header, both encoded as in a form (RFC 6749 section 2.3.1)."""
    try:
        credentials = parse_authorization(asked.visit.request.header("authorization"))
    except UnreadableCredentials as error:
        raise OAuthError(Fault.MALFORMED, str(error)) from error
    match credentials:
        case NoCredentials():
            return None
        case BasicCredentials():
            return unquote_plus(credentials.user_name), unquote_plus(credentials.password)
        case _:
            raise OAuthError(Fault.MALFORMED, "a client does not prove itself by a bearer token")
