"""What everybody with its id is told of a refusal: never more than its addressee was told then."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from pratique.access import AddressRefusal, Reason
from pratique.admission.decisions import DecisionRecord
from pratique.http.pages.help import PULLING_ROLES
from pratique.identity import SignInFailure

# Ids are GUIDs of 122 random bits, so who has one was given it.
_ID = re.compile(
    r"(?<![0-9a-f-])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-f-])",
    re.ASCII,
)
_LONGEST: Final = 4096

# The client was told more: a name, or what exactly was wrong. Records do not keep those words,
# since what is typed as a name may be a password.
_SIGN_INS: Final[Mapping[str, tuple[str, str]]] = {
    SignInFailure.WRONG: (
        "the name or the secret was wrong",
        "Log out, so that the stored one is forgotten, and log in again.",
    ),
    SignInFailure.SECRET_EXPIRED: (
        "the secret had expired",
        "Ask the operator of this registry for a new one, and log in with it.",
    ),
    SignInFailure.ACCOUNT_DISABLED: (
        "the account was disabled",
        "Ask the operator of this registry to enable it.",
    ),
    SignInFailure.TOKEN_EXPIRED: ("the token had expired", "Log in again."),
    SignInFailure.TOKEN_INVALID: (
        "the token was not one that this registry takes",
        "Log out and log in again.",
    ),
    SignInFailure.CREDENTIAL_REVOKED: (
        "what the token or the sign-in rested on has no force any more",
        "Log in again.",
    ),
    SignInFailure.ASSERTION_INVALID: (
        "the client assertion was not taken",
        "The client's own message says what is wrong with it.",
    ),
    SignInFailure.SECOND_FACTOR_MISSING: (
        "a second factor is needed, and this way of signing in cannot ask for one",
        "Sign in with a browser instead.",
    ),
    SignInFailure.SECOND_FACTOR_WRONG: (
        "the one-time code was wrong or was used before",
        "Wait until your authenticator shows another, and try again.",
    ),
    SignInFailure.TOO_MANY: (
        "there were too many wrong attempts",
        "Wait some minutes, and log out any programme that goes on sending an old password.",
    ),
    SignInFailure.LDAP_UNAVAILABLE: (
        "the LDAP server that keeps the password could not be asked",
        "Try again later; the operator of this registry should know.",
    ),
}
_BY_REASON: Final[Mapping[str, str]] = {
    Reason.NOT_AUTHENTICATED: "This is the first of the two causes: log in, as below.",
    Reason.TOKEN_DOES_NOT_COVER: "The client showed a token for something else. Most ask for the "
    "right one by themselves; otherwise log out and log in again.",
    Reason.PRINCIPAL_DISABLED: "Ask the operator of this registry to enable it.",
    Reason.TOKEN_DISABLED: "Ask the operator of this registry to enable it.",
    Reason.ADMIN_USER_DISABLED: "Log in as somebody else, as below.",
    Reason.PRINCIPAL_UNKNOWN: "Log in as somebody else, as below.",
    **dict.fromkeys(
        AddressRefusal,
        "Neither of the two causes: the client's address was refused before anybody asked who it "
        "is. Send the message with its decision id to the operator of this registry, or go through "
        "a network that it lets in.",
    ),
}
_SECOND_CAUSE: Final = (
    "This is the second of the two causes: the registry knows who asked, so logging in once more "
    "changes nothing. Send the message with its decision id to the operator of this registry."
)


def decision_id_in(text: str) -> str | None:
    """The decision id in what somebody pasted: the id, or a message that ends with one.

    In messages of the directory other ids come before it. None when there is none.
    """
    found = _ID.findall(text[-_LONGEST:].lower())
    return found[-1] if found else None


def sentence_of(record: DecisionRecord) -> str:
    """What happened, in the words of the refusal; lower case, without a final period."""
    if record.kind == "sign-in refused":
        told = _SIGN_INS.get(record.reason)
        return told[0] if told else "the sign-in did not prove anybody"
    return record.sentence


def advice_on(record: DecisionRecord) -> str:
    """What the addressee can do about it; it follows from the sentence alone."""
    if record.kind == "sign-in refused":
        told = _SIGN_INS.get(record.reason)
        return f"This is the first of the two causes. {told[1] if told else 'Log in again.'}"
    reason = record.reason
    if reason in _BY_REASON:
        return _BY_REASON[reason]
    role = PULLING_ROLES.get(record.permission)
    missing = reason in {Reason.NO_ROLE_ASSIGNMENT, Reason.NO_ROLE_GRANTS_IT}
    return f"{_SECOND_CAUSE} The role to ask for is {role}." if role and missing else _SECOND_CAUSE
