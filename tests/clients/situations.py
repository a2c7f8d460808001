"""Situations in which clients are refused, and the registry's own sentence in each.

The sentence stands as `W` in what clients print around it. In both, `HOST`, `REPO`, `TAG`, `NAME`,
`LINK`, `ID` and `WHEN` stand for the registry, the repository, the tag, the display name of who was
refused, the help page, the id of a decision or an image, and a date with a time.
"""

from __future__ import annotations

from enum import Enum

_VISIT = ", visit LINK for more information."
_DECISION = f"{_VISIT} Decision: ID"
_WHERE = "on the repository `REPO`"
_PULLING = "Microsoft.ContainerRegistry/registries/pull/read"
_PUSHING = "Microsoft.ContainerRegistry/registries/push/write"
_READING = "Microsoft.ContainerRegistry/registries/repositories/content/read"
_WRONG = f"the user name or the password is wrong{_DECISION}"


def _lacks(permission: str, cause: str) -> str:
    return f"`NAME` does not have the permission `{permission}` {_WHERE}: {cause}{_DECISION}"


def _locked(item: str, against: str, name: str, reference: str, option: str) -> str:
    return (
        f"{item} is locked against {against} (`{name}Enabled` is false); whoever may change its "
        f"attributes (`metadata/write`) lifts that by `pratique repo unlock {reference}` or `az "
        f"acr repository update --name REGISTRY {option} {reference} --{name}-enabled true`"
    )


class Attempt(Enum):
    """What the client is asked to do."""

    LOGIN = "login"
    PULL = "pull"
    PUSH = "push"


class Situation(Enum):
    """Why a client is refused.

    Except for `WRONG_PASSWORD_AT_LOGIN`, a client that has a credential has it from before, as a
    build machine does: nothing asks the registry when it is put where the client keeps it.

    Attributes:
        title: for a row of a table.
        attempt: what the client does.
        sentence: what the registry says.
    """

    NO_CREDENTIAL = ("no credential", Attempt.PULL, f"authentication required{_VISIT}")
    WRONG_PASSWORD_AT_LOGIN = ("wrong password, at the login", Attempt.LOGIN, _WRONG)
    WRONG_PASSWORD = ("wrong password, kept", Attempt.PULL, _WRONG)
    EXPIRED_SECRET = (
        "expired secret",
        Attempt.PULL,
        f"the secret `default` expired at WHEN UTC; ask for a new one{_DECISION}",
    )
    EXPIRED_TOKEN = (
        "expired token",
        Attempt.PULL,
        f"the registry token has expired; log in again{_DECISION}",
    )
    REVOKED_TOKEN = (
        "token of a deleted secret",
        Attempt.PULL,
        (
            "the credential that this token was made with was revoked or has expired; "
            f"log in again{_DECISION}"
        ),
    )
    DISABLED_PRINCIPAL = (
        "disabled principal",
        Attempt.PULL,
        f"`NAME` is disabled; ask the operator of this registry to enable it{_DECISION}",
    )
    ADMIN_USER_OFF = (
        "admin user off",
        Attempt.PULL,
        (
            "the admin user of this registry is disabled; ask the operator of this registry to "
            f"enable it{_DECISION}"
        ),
    )
    NO_ROLE = ("no role", Attempt.PULL, _lacks(_PULLING, "no role is assigned to it"))
    NO_ROLE_PUSHING = (
        "no role, pushing",
        Attempt.PUSH,
        _lacks(_PUSHING, "no role is assigned to it"),
    )
    ROLE_ELSEWHERE = (
        "role at another scope",
        Attempt.PULL,
        _lacks(_PULLING, "its roles are assigned at another scope"),
    )
    CONDITION_FALSE = (
        "condition false",
        Attempt.PULL,
        _lacks(
            _READING,
            "it has the role `Container Registry Repository Reader` under a condition that is "
            "not met here",
        ),
    )
    MODE_MISMATCH = (
        "role of the other mode",
        Attempt.PULL,
        _lacks(_READING, "its role `AcrPull` is not honoured while the registry is in mode abac"),
    )
    SCOPE_MAP_WITHOUT_REPOSITORY = (
        "scope map without the repository",
        Attempt.PULL,
        f"the scope map of the token `NAME` does not allow `pull` {_WHERE}{_DECISION}",
    )
    ABSENT_FOR_READER = (
        "repository absent, seen by one who may pull",
        Attempt.PULL,
        "the repository `REPO` has no manifest with the tag `TAG`",
    )
    ABSENT_FOR_STRANGER = (
        "repository absent, seen by one who may not",
        Attempt.PULL,
        _lacks(_PULLING, "no role is assigned to it"),
    )
    PUSH_WITH_PULL_ONLY = (
        "push with pull only",
        Attempt.PUSH,
        _lacks(_PUSHING, "it is not carried by `AcrPull`"),
    )
    LOCKED_TAG = (
        "locked tag",
        Attempt.PUSH,
        _locked("the tag `TAG` of `REPO`", "being overwritten", "write", "REPO:TAG", "--image"),
    )
    LOCKED_REPOSITORY = (
        "locked repository",
        Attempt.PUSH,
        _locked("the repository `REPO`", "being pushed to", "write", "REPO", "--repository"),
    )
    LOCKED_AGAINST_PULLING = (
        "locked against being pulled",
        Attempt.PULL,
        _locked("the tag `TAG` of `REPO`", "being pulled", "read", "REPO:TAG", "--image"),
    )
    THROTTLED = (
        "throttled",
        Attempt.PULL,
        "too many wrong sign-ins from this address; try again in N seconds",
    )

    def __init__(self, title: str, attempt: Attempt, sentence: str) -> None:
        self.title = title
        self.attempt = attempt
        self.sentence = sentence


NOT_MEASURED = {
    "Docker Engine with the containerd image store": "not available in this version; see below.",
}
