"""Sign-in of an application with a secret, an assertion, or somebody else's token."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

from pratique.identity.application_refusals import ApplicationFault, ApplicationRefused
from pratique.identity.client_assertions import UnverifiedAssertion, verify_client_assertion
from pratique.identity.directory_tokens import BY_CERTIFICATE, BY_SECRET
from pratique.identity.federation import OutsideClaims
from pratique.identity.federation.subjects import subject_matches
from pratique.identity.records import Application, FederatedCredential
from pratique.identity.secrets import hash_secret, secret_matches
from pratique.naming.errors import printable

# What is compared for a client that is not there, so that it takes as long as for one that is.
_NOBODYS_DIGEST = hash_secret("")


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """A client secret, not yet checked; never printed."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ProvedApplication:
    """An application that proved itself.

    Attributes:
        credential_id: of what it showed; tokens made for it die with that.
        method: `appidacr` of its tokens.
        expires_at: when the credential ends; None for never.
    """

    application: Application
    credential_id: str
    method: str
    expires_at: datetime | None


def by_secret(
    application: Application | None, client_id: str, shown: ClientSecret, at: datetime
) -> ProvedApplication:
    """The application that has this secret.

    A client id is no secret: it stands in every token. So an unknown one is told from a wrong
    secret, as Entra ID does; the time that either takes tells no more.

    Raises:
        ApplicationRefused: there is none, the secret is wrong or has expired, or it is disabled.
    """
    if application is None:
        secret_matches(shown.text, _NOBODYS_DIGEST)
        raise unknown_client(client_id)
    # Every secret is compared, so that the time does not tell which one was nearly right.
    matching = [s for s in application.secrets if secret_matches(shown.text, s.digest)]
    if not matching:
        raise ApplicationRefused(
            ApplicationFault.WRONG_SECRET,
            "the client secret is wrong; send the secret itself, not its id, or add a new one",
        )
    standing = [s for s in matching if not s.expired(at)]
    if not standing:
        raise ApplicationRefused(
            ApplicationFault.SECRET_EXPIRED,
            f"the client secret `{matching[0].name}` expired at "
            f"{matching[0].expires_at:%Y-%m-%d %H:%M} UTC; add a new one",
        )
    secret = standing[0]
    return _enabled(ProvedApplication(application, secret.secret_id, BY_SECRET, secret.expires_at))


def by_certificate(
    application: Application | None,
    client_id: str,
    shown: UnverifiedAssertion,
    audiences: AbstractSet[str],
    at: datetime,
) -> ProvedApplication:
    """The application that signed this assertion with one of its certificates' keys.

    Raises:
        ApplicationRefused: as `verify_client_assertion`; or there is none, or it is disabled.
    """
    if application is None:
        raise unknown_client(client_id)
    certificate = verify_client_assertion(
        shown,
        application.certificates,
        client_id=application.client_id,
        audiences=audiences,
        at=at,
    )
    return _enabled(
        ProvedApplication(
            application, certificate.certificate_id, BY_CERTIFICATE, certificate.expires_at
        )
    )


def by_outside_claims(application: Application, outside: OutsideClaims) -> ProvedApplication:
    """The application that has a federated credential for whom this token means.

    Raises:
        ApplicationRefused: it has none, with the claim that fits nothing; or it is disabled.
    """
    fitting: list[FederatedCredential] = list(application.federated)
    for claim, value, fits in (
        ("iss", outside.issuer, lambda f: f.issuer == outside.issuer),
        ("sub", outside.subject, lambda f: subject_matches(f, outside.subject)),
        ("aud", ", ".join(sorted(outside.audiences)), lambda f: f.audience in outside.audiences),
    ):
        fitting = [f for f in fitting if fits(f)]
        if not fitting:
            raise ApplicationRefused(
                ApplicationFault.NO_FEDERATED_MATCH,
                f"no federated credential of `{application.display_name}` fits the token's "
                f"`{claim}`, which is `{printable(value, 200)}`",
            )
    return _enabled(ProvedApplication(application, fitting[0].credential_id, BY_CERTIFICATE, None))


def unknown_client(client_id: str) -> ApplicationRefused:
    """The refusal of a client id that no application has."""
    return ApplicationRefused(
        ApplicationFault.UNKNOWN_CLIENT,
        f"this directory has no application with the client id `{printable(client_id)}`",
    )


def _enabled(proved: ProvedApplication) -> ProvedApplication:
    if not proved.application.enabled:
        raise ApplicationRefused(
            ApplicationFault.DISABLED,
            f"the application `{proved.application.display_name}` is disabled; ask the operator of "
            "this registry to enable it",
        )
    return proved
