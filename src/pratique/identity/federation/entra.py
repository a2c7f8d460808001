"""Tokens of a real Entra ID tenant, of version 1.0 and 2.0 (reference section 9)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_V1 = re.compile(rf"https://sts\.windows\.net/({_GUID})/")
_V2 = re.compile(rf"https://login\.microsoftonline\.(?:com|us)/({_GUID})/v2\.0")
ISSUERS: Final = re.compile(rf"{_V1.pattern}|{_V2.pattern}")
_CLIENT = {"1.0": "appid", "2.0": "azp"}


def metadata_base(issuer: str) -> str | None:
    """Below what the metadata of a version 1.0 issuer stands; None for other issuers.

    Its tokens name another host than the one that publishes their keys.
    """
    match = _V1.fullmatch(issuer)
    return f"https://login.microsoftonline.com/{match.group(1)}" if match else None


def disagreement(issuer: str, claims: Mapping[str, Any]) -> str | None:
    """Which claims of a tenant's token contradict each other, in a sentence; None for none."""
    match = _V1.fullmatch(issuer)
    version = "1.0" if match else "2.0"
    match = match or _V2.fullmatch(issuer)
    tenant = match.group(1) if match else ""
    if str(claims["tid"]).lower() != tenant:
        return f"the claim `tid` is not the tenant `{tenant}` of the claim `iss`"
    if claims["ver"] != version:
        return f"the claim `ver` is not `{version}`, which the claim `iss` is of"
    client = _CLIENT[version]
    if not isinstance(claims.get(client), str) or not claims[client]:
        return f"the claim `{client}` is missing, which says for whom the token was made"
    return None


def groups_told(claims: Mapping[str, Any]) -> str:
    """What a token says of groups, in a sentence; empty when it says nothing.

    Groups of a tenant are not groups of this directory: rights come from what the matched service
    principal holds here.
    """
    names = claims.get("_claim_names")
    overage = isinstance(names, Mapping) and "groups" in names
    if overage or str(claims.get("hasgroups")).lower() == "true":
        return (
            "the account is in more groups than a token holds, so the claim `groups` is left out; "
            "groups of the tenant give no rights here in any case"
        )
    groups = claims.get("groups")
    if isinstance(groups, list) and groups:
        return (
            f"the claim `groups` names {len(groups)} groups of the tenant, which give no rights "
            "here"
        )
    return ""
