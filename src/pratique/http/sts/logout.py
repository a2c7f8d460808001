"""The page at which people sign out of a browser.

It asks first, so that no other site can sign somebody out, and leads nowhere afterwards: an address
to go to (`post_logout_redirect_uri`) is not followed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pratique.http.sts.browsers import Browsers
from pratique.http.sts.forms import read_form
from pratique.http.sts.page_visits import host_of, page_endpoint
from pratique.http.sts.sign_in_pages import Look, sign_out_page, told_page
from pratique.http.sts.visit import Endpoint, Visit
from pratique.http.wire.messages import Response

_ROW: Final = "oauth2/v2.0/logout"
_ABOUT: Final = "sign out"


class Logout:
    """Answers at the end-session endpoint.

    Args:
        browsers: reads and writes what browsers keep.
    """

    def __init__(self, browsers: Browsers) -> None:
        self._browsers = browsers

    def endpoints(self) -> Mapping[str, Endpoint]:
        """The row."""
        return {_ROW: page_endpoint(self._answer)}

    async def _answer(self, visit: Visit) -> Response:
        browser = await self._browsers.read(visit)
        action = f"/{visit.tenant}/{_ROW}"
        if browser.user is None:
            return _signed_out(Look(host_of(visit), action))
        if visit.request.method == "POST":
            self._browsers.check_form(visit, browser, await read_form(visit), _ABOUT)
            ended = await self._browsers.end(visit, browser)
            return _signed_out(Look(host_of(visit), action, (ended,)))
        token = self._browsers.form_token(visit, browser, _ABOUT, browser.user)
        look = Look(host_of(visit), action, self._browsers.remember(visit, browser))
        return sign_out_page(look, token, browser.user.user_name)


def _signed_out(look: Look) -> Response:
    return told_page(
        look, 200, "You are signed out", "Nobody is signed in in this browser. You may close it."
    )
