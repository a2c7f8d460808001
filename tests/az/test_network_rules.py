"""`az acr network-rule` and its kin: the rules are kept, and really enforced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from tests.az.azure_cli import Az
from tests.az.harbour import Harbour

pytestmark = [pytest.mark.live, pytest.mark.clients]

RULE: Final = ("acr", "network-rule")
NAMED: Final = ("--name", "pratique")
UPDATE: Final = ("acr", "update", *NAMED)


@pytest.fixture
def open_again(boss: Az) -> Iterator[None]:
    """Whatever a test closes is opened after it, which also shows that it can be."""
    yield
    boss(*UPDATE, "--default-action", "Allow", "--public-network-enabled", "true")
    for rule in boss(*RULE, "list", *NAMED)["ipRules"]:
        boss(*RULE, "remove", *NAMED, "--ip-address", rule["ipAddressOrRange"])


def addresses(boss: Az) -> list[str]:
    """What the rules name."""
    rules = boss(*RULE, "list", *NAMED)["ipRules"]
    return [rule["ipAddressOrRange"] for rule in rules]


@pytest.mark.usefixtures("open_again")
def test_rules_are_added_and_removed(boss: Az) -> None:
    """Addresses and ranges of both kinds; a bad one is refused, and nothing is lost."""
    for address in ("203.0.113.7", "198.51.100.0/24", "2001:db8::/32"):
        boss(*RULE, "add", *NAMED, "--ip-address", address)
    assert addresses(boss) == ["203.0.113.7", "198.51.100.0/24", "2001:db8::/32"]
    words = boss.refused(*RULE, "add", *NAMED, "--ip-address", "198.51.100.1/24")
    assert "`198.51.100.0/24` is the range around it" in words
    boss(*RULE, "remove", *NAMED, "--ip-address", "198.51.100.0/24")
    assert addresses(boss) == ["203.0.113.7", "2001:db8::/32"]
    shown = boss("acr", "show", *NAMED)
    assert shown["publicNetworkAccess"] == "Enabled"
    assert shown["networkRuleSet"]["defaultAction"] == "Allow"


@pytest.mark.usefixtures("open_again")
def test_the_default_action_is_enforced(harbour: Harbour, boss: Az) -> None:
    """The content is out of reach until a rule names the address; the resource manager never is."""
    harbour.push(boss, "guarded/app", "v1")
    listing = ("acr", "repository", "show-tags", *NAMED, "--repository", "guarded/app")
    assert boss(*listing) == ["v1"]
    changed = boss(*UPDATE, "--default-action", "Deny")
    assert changed["networkRuleSet"]["defaultAction"] == "Deny"
    words = boss.refused(*listing)
    assert "networkRuleSet" in words or "is not allowed access" in words
    mine = harbour.server.pratique("denials")[-1]
    assert mine["reason"] == "address-not-allowed"
    boss(*RULE, "add", *NAMED, "--ip-address", mine["client"])
    assert boss(*listing) == ["v1"]


@pytest.mark.usefixtures("open_again")
def test_public_access_is_taken_away_and_given_back(boss: Az) -> None:
    """While it is off nobody's address is good enough."""
    boss(*RULE, "add", *NAMED, "--ip-address", "127.0.0.0/8")
    changed = boss(*UPDATE, "--public-network-enabled", "false")
    assert changed["publicNetworkAccess"] == "Disabled"
    assert "publicNetworkAccess" in boss.refused("acr", "repository", "list", *NAMED)
    boss(*UPDATE, "--public-network-enabled", "true")
    boss("acr", "repository", "list", *NAMED)
