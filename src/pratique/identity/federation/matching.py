"""From an outside token to the one application whose federated credential means it."""

from __future__ import annotations

from collections.abc import Iterable

from pratique.identity.federation.subjects import subject_matches
from pratique.identity.federation.verification import OutsideClaims
from pratique.identity.records import Application, FederatedCredential
from pratique.identity.registry_tokens import TokenRejected
from pratique.identity.sign_in import SignInFailure
from pratique.naming.errors import printable

Match = tuple[Application, FederatedCredential]


def credential_of(application: Application, claims: OutsideClaims) -> FederatedCredential | None:
    """The application's credential that means this token, exact ones before patterns."""
    fitting = [c for c in application.federated if _fits(c, claims)]
    return min(fitting, key=lambda c: (c.pattern, c.credential_id), default=None)


def match(applications: Iterable[Application], claims: OutsideClaims) -> Match:
    """The one enabled application that the token stands for, and through which credential.

    Raises:
        TokenRejected: it stands for none, for several, or for one that is disabled; the sentence
            names the claim, and nothing of other people's credentials.
    """
    found = [
        (application, credential)
        for application in applications
        if application.federated and (credential := credential_of(application, claims)) is not None
    ]
    enabled = [
        (application, credential) for application, credential in found if application.enabled
    ]
    if len(enabled) == 1:
        return enabled[0]
    subject = printable(claims.subject, 200)
    if len(enabled) > 1:
        raise TokenRejected(
            SignInFailure.TOKEN_INVALID,
            f"the subject `{subject}` stands for {len(enabled)} service principals of this "
            "registry; its operator must leave one of their federated credentials",
        )
    if found:
        raise TokenRejected(
            SignInFailure.ACCOUNT_DISABLED,
            f"`{found[0][0].display_name}` is disabled; ask the operator of this registry to "
            "enable it",
        )
    told = ", ".join(f"`{printable(a, 200)}`" for a in sorted(claims.audiences)[:3])
    raise TokenRejected(
        SignInFailure.TOKEN_INVALID,
        f"no service principal has a federated credential for the issuer `{claims.issuer}`, the "
        f"subject `{subject}` and the audience {told}",
    )


def _fits(credential: FederatedCredential, claims: OutsideClaims) -> bool:
    return (
        credential.issuer == claims.issuer
        and credential.audience in claims.audiences
        and subject_matches(credential, claims.subject)
    )
