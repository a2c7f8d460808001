"""Ways into a registry: how somebody comes in by each, gets the right to pull, and loses it.

Each way is a context manager that makes somebody new, so that nobody in one test has met another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.clients.governed import Governed
from tests.clients.registry_clients import Account

_WRONG = "the user name or the password is wrong"
_UNKNOWN = "authentication required"


@dataclass(frozen=True)
class Entry:
    """Somebody at one way in, who may not pull yet.

    Attributes:
        come: gives what a client logs in with, None where it does not log in; raises NotAdmitted.
        grant: gives the right to pull.
        take_back: takes that right away, and leaves the credential.
        ungranted: in the words of a refusal without the right.
        void: takes the credential away, and leaves the right.
        voided: in the words of a refusal after that, of a login that was made before.
        barred: in the words of a refusal of whoever comes anew after that.
    """

    come: Callable[[], Account | None]
    grant: Callable[[], object]
    take_back: Callable[[], object]
    ungranted: str
    void: Callable[[], object]
    voided: str
    barred: str


Way = Callable[[Governed, Path], AbstractContextManager[Entry]]


def entry_of_principal(
    registry: Governed,
    principal: str,
    come: Callable[[], Account | None],
    void: Callable[[], object],
    voided: str,
    *,
    barred: str | None = None,
) -> Entry:
    """An entry of somebody whom roles can be assigned to.

    Args:
        registry: that has the principal.
        principal: its name.
        come: as in `Entry`, and so are the others.
        void: likewise.
        voided: likewise.
        barred: likewise; `voided` when None.
    """
    role = {"role": "AcrPull", "principal": principal}
    return Entry(
        come=come,
        grant=lambda: registry.manage("POST", "/role-assignments", role),
        take_back=lambda: registry.manage("DELETE", "/role-assignments", **role),
        ungranted="no role is assigned to it",
        void=void,
        voided=voided,
        barred=barred or voided,
    )


@contextmanager
def by_secret(registry: Governed, _folder: Path) -> Iterator[Entry]:
    """A service principal with its secret; the secret is deleted."""
    name = registry.new_name("secretive")
    made = registry.manage("POST", "/service-principals", {"name": name})
    account = Account(name, made["client_id"], made["secret"])
    secret = f"/service-principals/{name}/secrets/{made['secret_id']}"
    yield entry_of_principal(
        registry, name, lambda: account, lambda: registry.manage("DELETE", secret), _WRONG
    )


@contextmanager
def by_password(registry: Governed, _folder: Path) -> Iterator[Entry]:
    """A user with a password; the user is disabled."""
    name = registry.new_name("user")
    account = Account(name, name, registry.manage("POST", "/users", {"username": name})["password"])
    yield entry_of_principal(
        registry,
        name,
        lambda: account,
        lambda: registry.manage("POST", f"/users/{name}/disable"),
        f"`{name}` is disabled",
    )


@contextmanager
def as_admin_user(registry: Governed, _folder: Path) -> Iterator[Entry]:
    """The admin user, whom no role is needed for; its password is made anew."""
    registry.manage("POST", "/admin-user/enable")
    made = registry.manage("POST", "/admin-user/regenerate", {"name": "password"})
    account = Account("", made["username"], made["passwords"]["password"])

    def disable() -> object:
        return registry.manage("POST", "/admin-user/disable")

    disable()
    try:
        yield Entry(
            come=lambda: account,
            grant=lambda: registry.manage("POST", "/admin-user/enable"),
            take_back=disable,
            ungranted="the admin user of this registry is disabled",
            void=lambda: registry.manage("POST", "/admin-user/regenerate", {"name": "password"}),
            voided=_WRONG,
            barred=_WRONG,
        )
    finally:
        disable()


@contextmanager
def by_token(registry: Governed, _folder: Path) -> Iterator[Entry]:
    """A token whose scope map is all its law; the token is disabled."""
    name = registry.new_name("token")
    scope_map = f"/scope-maps/{name}-map"
    elsewhere = ["repositories/elsewhere/content/read"]
    registry.manage("POST", "/scope-maps", {"name": f"{name}-map", "actions": elsewhere})
    made = registry.manage("POST", "/tokens", {"name": name, "scope_map": f"{name}-map"})
    account = Account(name, made["username"], made["password1"])
    here = [f"repositories/{registry.reference.repository}/content/read"]
    yield Entry(
        come=lambda: account,
        grant=lambda: registry.manage("PATCH", scope_map, {"add": here}),
        take_back=lambda: registry.manage("PATCH", scope_map, {"remove": here}),
        ungranted=f"the scope map of the token `{name}` does not allow `pull`",
        void=lambda: registry.manage("POST", f"/tokens/{name}/disable"),
        voided=f"`{name}` is disabled",
        barred=f"`{name}` is disabled",
    )


@contextmanager
def as_nobody(registry: Governed, _folder: Path) -> Iterator[Entry]:
    """Nobody at all, whom a setting of the registry lets pull."""

    def close() -> object:
        return registry.manage("PATCH", "/registry", {"anonymous_pull": False})

    try:
        yield Entry(
            come=lambda: None,
            grant=lambda: registry.manage("PATCH", "/registry", {"anonymous_pull": True}),
            take_back=close,
            ungranted=_UNKNOWN,
            void=close,
            voided=_UNKNOWN,
            barred=_UNKNOWN,
        )
    finally:
        close()
