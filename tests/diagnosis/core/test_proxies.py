"""Which proxy a programme in Go uses for a host."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.diagnosis.network.proxies import proxy_for

_PROXY = "http://proxy.example.com:3128"

# Host and port of a request over TLS, the value of `NO_PROXY`, and whether it goes directly.
# Each row is as golang.org/x/net/http/httpproxy decides it.
DIRECTLY = (
    ("h.io", 443, "", False),
    ("h.io", 443, "*", True),
    ("h.io", 443, "a.io,*", True),
    ("h.io", 443, " * ", True),
    ("h.io", 443, "h.io", True),
    ("h.io", 443, "H.IO", True),
    ("H.io", 443, "h.io", True),
    ("h.io", 443, " h.io ", True),
    ("h.io", 443, "a.io, h.io ,b.io", True),
    ("h.io", 443, "a.io h.io", False),
    ("h.io", 443, ",,h.io,", True),
    ("r.h.io", 443, "h.io", True),
    ("rh.io", 443, "h.io", False),
    ("h.io", 443, ".h.io", False),
    ("r.h.io", 443, ".h.io", True),
    ("a.r.h.io", 443, ".h.io", True),
    ("h.io", 443, "*.h.io", False),
    ("r.h.io", 443, "*.h.io", True),
    ("r.h.io", 443, "*h.io", False),
    ("r.h.io", 443, "r.*", False),
    ("r.h.io", 443, "*.*", False),
    ("h.io", 443, "io", True),
    ("h.io", 443, ".io", True),
    ("h.io", 443, "h.io.", False),
    ("h.io", 443, "h.io:443", True),
    ("h.io", 443, "h.io:", True),
    ("h.io", 443, "h.io:80", False),
    ("h.io", 5000, "h.io:443", False),
    ("h.io", 5000, "h.io:5000", True),
    ("h.io", 5000, "h.io", True),
    ("r.h.io", 5000, ".h.io:5000", True),
    ("r.h.io", 443, "*.h.io:5000", False),
    ("h.io", 443, ":443", False),
    ("h.io", 443, "https://h.io", False),
    ("h.io", 443, "h.io/", False),
    ("h.io", 443, "10.0.0.0/8", False),
    ("10.1.2.3", 443, "10.0.0.0/8", True),
    ("10.1.2.3", 443, "10.1.2.3", True),
    ("10.1.2.3", 443, "10.1.2.3:443", True),
    ("10.1.2.3", 5000, "10.1.2.3:443", False),
    ("10.1.2.3", 443, "10.1.2.3/32", True),
    ("10.1.2.3", 443, "10.1.2.0/24", True),
    ("10.1.3.3", 443, "10.1.2.0/24", False),
    ("10.1.2.3", 443, "10.0.0.0/255.0.0.0", False),
    ("10.1.2.3", 443, "10.1.2", False),
    ("10.1.2.3", 443, "10.1.2.*", False),
    ("10.1.2.3", 443, ".2.3", False),
    ("10.1.2.3", 443, "10.0.0.0/33", False),
    ("10.1.2.3", 443, "2001:db8::/32", False),
    ("2001:db8::1", 443, "2001:db8::/32", True),
    ("2001:db8::1", 443, "2001:db8::1", True),
    ("2001:db8::1", 443, "2001:DB8:0::1", True),
    ("2001:db8::1", 443, "[2001:db8::1]", False),
    ("2001:db8::1", 443, "[2001:db8::1]:443", True),
    ("2001:db8::1", 443, "[2001:db8::1]:80", False),
    ("2001:db9::1", 443, "2001:db8::/32", False),
    ("localhost", 443, "", True),
    ("localhost", 5000, "a.io", True),
    ("r.localhost", 443, "", False),
    ("127.0.0.1", 443, "", True),
    ("127.9.9.9", 5000, "", True),
    ("::1", 443, "", True),
    ("128.0.0.1", 443, "", False),
    ("169.254.169.254", 443, "169.254.169.254", True),
)


@pytest.mark.parametrize(("host", "port", "exceptions", "directly"), DIRECTLY)
def test_exceptions_are_read_as_in_go(
    host: str, port: int, exceptions: str, *, directly: bool
) -> None:
    """Names, domains, networks and ports of `NO_PROXY` mean what they mean in Go."""
    found = proxy_for("https", host, port, {"https": _PROXY, "no": exceptions})
    assert (found is None) is directly


@pytest.mark.parametrize(
    ("value", "url", "kind"),
    [
        ("http://p.io:3128", "http://p.io:3128", "http"),
        ("http://p.io", "http://p.io:80", "http"),
        ("p.io:3128", "http://p.io:3128", "http"),
        ("p.io", "http://p.io:80", "http"),
        ("http://p.io:3128/", "http://p.io:3128", "http"),
        ("http://[::1]:3128", "http://[::1]:3128", "http"),
        ("HTTP://p.io:3128", "http://p.io:3128", "http"),
        ("https://p.io", "https://p.io:443", "https"),
        ("socks5://p.io", "socks5://p.io:1080", "socks5"),
        ("http://user:canary@p.io:3128", "http://p.io:3128", "http"),
        ("user:canary@p.io:3128", "http://p.io:3128", "http"),
    ],
)
def test_proxies_are_read(value: str, url: str, kind: str) -> None:
    """A proxy needs no scheme and no port, and is shown without its login."""
    found = proxy_for("https", "h.io", 443, {"https": value})
    assert found is not None
    assert (found.url, found.kind) == (url, kind)
    assert "canary" not in repr(found)


def test_the_login_of_a_proxy() -> None:
    """User and password are decoded, since they are sent as they were meant."""
    found = proxy_for("https", "h.io", 443, {"https": "http://us%40er:p%3Aass@p.io:3128"})
    assert found is not None
    assert found.login is not None
    assert found.login.reveal() == "us@er:p:ass"


def test_each_scheme_has_its_own_proxy() -> None:
    """The proxy for plain HTTP does not count for TLS, nor the other way round."""
    settings = {"http": "http://a.io:1", "https": ""}
    assert proxy_for("https", "h.io", 443, settings) is None
    found = proxy_for("http", "h.io", 80, settings)
    assert found is not None
    assert found.url == "http://a.io:1"


def test_an_address_that_is_none() -> None:
    """A proxy whose port is no number is of no kind that can be spoken to."""
    found = proxy_for("https", "h.io", 443, {"https": "http://user:canary@p.io:port"})
    assert found is not None
    assert (found.kind, found.host) == ("unreadable", "")
    assert "canary" not in repr(found)


@given(
    st.sampled_from(["h.io", "10.0.0.1", "::1", "2001:db8::1", "localhost"]),
    st.text(max_size=60),
    st.text(alphabet="h.io:/*,[]019@ ", max_size=60),
)
def test_no_setting_is_too_strange(host: str, proxy: str, exceptions: str) -> None:
    """Whatever the variables hold, there is an answer."""
    found = proxy_for("https", host, 443, {"https": proxy, "no": exceptions})
    assert found is None or found.kind
