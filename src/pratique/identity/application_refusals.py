"""Why an application did not prove itself to the directory."""

from __future__ import annotations

from enum import StrEnum

from pratique.identity.sign_in import SignInFailure


class ApplicationFault(StrEnum):
    """What was wrong with what an application showed."""

    UNKNOWN_CLIENT = "unknown-client"
    WRONG_SECRET = "wrong-secret"
    SECRET_EXPIRED = "secret-expired"
    DISABLED = "application-disabled"
    ASSERTION_MALFORMED = "assertion-malformed"
    KEY_UNKNOWN = "assertion-key-unknown"
    ASSERTION_SIGNATURE = "assertion-signature-wrong"
    CERTIFICATE_EXPIRED = "certificate-expired"
    ASSERTION_CLAIMS = "assertion-claims-wrong"
    ASSERTION_AUDIENCE = "assertion-audience-wrong"
    ASSERTION_EXPIRED = "assertion-expired"
    OUTSIDE_TOKEN = "outside-token-refused"
    NO_FEDERATED_MATCH = "no-federated-credential-matches"
    TOO_MANY = "too-many-attempts"


# Faults of those who proved nothing: a guess, that is to be counted.
_GUESSES = frozenset(
    {
        ApplicationFault.UNKNOWN_CLIENT,
        ApplicationFault.WRONG_SECRET,
        ApplicationFault.ASSERTION_MALFORMED,
        ApplicationFault.KEY_UNKNOWN,
        ApplicationFault.ASSERTION_SIGNATURE,
        ApplicationFault.OUTSIDE_TOKEN,
        ApplicationFault.NO_FEDERATED_MATCH,
    }
)
_FAILURES = {
    ApplicationFault.UNKNOWN_CLIENT: SignInFailure.WRONG,
    ApplicationFault.WRONG_SECRET: SignInFailure.WRONG,
    ApplicationFault.SECRET_EXPIRED: SignInFailure.SECRET_EXPIRED,
    ApplicationFault.DISABLED: SignInFailure.ACCOUNT_DISABLED,
    ApplicationFault.TOO_MANY: SignInFailure.TOO_MANY,
}


class ApplicationRefused(Exception):
    """An application did not prove itself; the sentence says what to do.

    Attributes:
        retry_after_seconds: when more attempts make sense, after too many.
    """

    def __init__(
        self, fault: ApplicationFault, sentence: str, retry_after_seconds: int | None = None
    ) -> None:
        super().__init__(sentence)
        self.fault = fault
        self.retry_after_seconds = retry_after_seconds

    @property
    def guess(self) -> bool:
        """Whether nothing at all was proved, so that the attempt counts against its source."""
        return self.fault in _GUESSES

    @property
    def reason(self) -> SignInFailure:
        """The fault as refused sign-ins are recorded."""
        return _FAILURES.get(self.fault, SignInFailure.ASSERTION_INVALID)
