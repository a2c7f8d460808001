"""Limits are those of the preset, with single ones laid over it; and they are told apart simply."""

from __future__ import annotations

import pytest

from pratique.http.edge.limits import PRESETS, Limits, RequestClass, UnknownLimit, Whose, class_of
from pratique.observability import names


@pytest.mark.parametrize(
    ("preset", "reads", "writes"),
    [("basic", 1000, 100), ("standard", 3000, 500), ("premium", 10_000, 2000)],
)
def test_presets_are_those_of_the_tiers(preset: str, reads: int, writes: int) -> None:
    """An identity may do what ACR's tier of that name lets it do; an address ten times that."""
    rates = PRESETS[preset].rates
    assert reads == rates[Whose.IDENTITY, RequestClass.READS].per_minute
    assert writes == rates[Whose.IDENTITY, RequestClass.WRITES].per_minute
    assert 10 * reads == rates[Whose.ADDRESS, RequestClass.BLOBS].per_minute


def test_nothing_is_limited_unasked() -> None:
    """Without a preset there is no limit at all."""
    assert not Limits.parse("none", [])


def test_single_limits_are_laid_over_a_preset() -> None:
    """One is changed, one is taken away, and the others stay."""
    limits = Limits.parse("basic", ["identity.reads=7", "address.reads=none"])
    assert limits.rates[Whose.IDENTITY, RequestClass.READS].per_minute == 7
    assert (Whose.ADDRESS, RequestClass.READS) not in limits.rates
    assert limits.rates[Whose.IDENTITY, RequestClass.WRITES].per_minute == 100


@pytest.mark.parametrize(
    "text",
    [
        *("", "reads=5", "identity.reads", "identity.reads=", "identity.reads=0", "nobody.reads=5"),
        *("identity.pulls=5", "identity.reads=-1", "identity.reads=1e3"),
        *("identity.reads=10000000", "identity.reads=1000001"),
    ],
)
def test_what_is_no_limit_is_told(text: str) -> None:
    """A limit that cannot be read names itself in what is said of it."""
    with pytest.raises(UnknownLimit, match=f"^`{text}`"):
        Limits.parse("none", [text])


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/v2/", "reads"),
        ("GET", "/v2", "reads"),
        ("GET", "/", "reads"),
        ("GET", "/v2/team/app/manifests/v1", "reads"),
        ("GET", "/v2/team/app/tags/list", "reads"),
        ("GET", "/v2/team/app/blobs/sha256:00", "blobs"),
        ("HEAD", "/v2/team/app/blobs/sha256:00", "reads"),
        ("GET", "/v2/team/app/blobs/uploads/1", "reads"),
        ("POST", "/v2/team/app/blobs/uploads/", "writes"),
        ("PATCH", "/v2/team/app/blobs/uploads/1", "writes"),
        ("PUT", "/v2/team/app/manifests/v1", "writes"),
        ("DELETE", "/acr/v1/team/app", "writes"),
        ("GET", "/acr/v1/_catalog", "reads"),
        ("GET", "/oauth2/token", "tokens"),
        ("POST", "/oauth2/exchange", "tokens"),
        ("POST", "/contoso/oauth2/v2.0/token", "tokens"),
        ("POST", "/device", "tokens"),
        ("POST", "/help/authorization", "tokens"),
        ("GET", "/help/authorization", "reads"),
        ("GET", "/api/v1/users", "reads"),
        ("POST", "/api/v1/users", "changes"),
        ("WHATEVER", "/v2/team/app/manifests/v1", "writes"),
    ],
)
def test_requests_are_told_apart_by_method_and_path(method: str, path: str, expected: str) -> None:
    """Each kind of request counts against the limit of its class."""
    assert expected == class_of(method, path)


def test_metrics_know_every_limit() -> None:
    """There is a series for each kind of limit and class."""
    assert set(names.LIMITS_OF) == set(Whose)
    assert tuple(RequestClass) == names.REQUEST_CLASSES
