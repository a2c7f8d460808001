"""What a Pratique server says about one of its refusals, as far as who asks may read it."""

from __future__ import annotations

import time
from typing import Any, Final

from pratique.cli.failures import Failed
from pratique.cli.session import Session, address

_UNKNOWN: Final = "NOT_FOUND"
_PAUSES: Final = (0.2, 0.4, 0.9)


def explanation(url: str, decision_id: str) -> dict[str, Any] | None:
    """The decision as the management API gives it; None when it cannot be read.

    The login of `pratique login` to that host is shown, when there is one. The credential with
    which the image was asked for is not: whoever was refused may not read why.

    Args:
        url: of the registry.
        decision_id: that the refusal named.
    """
    from pratique.cli.logins import Logins  # noqa: PLC0415 - loaded when used
    from pratique.cli.over_http import logged_in  # noqa: PLC0415
    from pratique.cli.servers import host_of  # noqa: PLC0415

    try:
        login = Logins.of_this_user().of(host_of(url))
        if login is None or login.url != url:
            return None
        transport = logged_in(login)
        try:
            found = decision(Session(transport, registry=login.host), decision_id)
        finally:
            transport.close()
    except Failed:
        return None
    return found if isinstance(found, dict) else None


def decision(session: Session, decision_id: str) -> Any:
    """A decision that may have been made this very moment: workers record after they answer.

    It is asked for again for a second and a half at most.

    Raises:
        Failed: it is not there then, or the registry refuses.
    """
    for seconds in _PAUSES:
        try:
            return session.call("GET", address("decisions", decision_id))
        except Failed as failed:
            if failed.code != _UNKNOWN:
                raise
        time.sleep(seconds)
    return session.call("GET", address("decisions", decision_id))
