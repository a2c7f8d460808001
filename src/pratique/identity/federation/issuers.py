"""What is known of well-known issuers: which claims their tokens carry, and what must agree.

Every claim of such an issuer is sorted: required ones must be there, optional ones may be, and
unchecked ones are known to say nothing that matters here. What is in none of the three is told, so
that nobody overlooks a claim that an issuer begins to send. Issuers that are not known are taken by
the standard alone (OpenID Connect Core 1.0 section 2; RFC 7519).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pratique.identity.federation import entra

# Checked for every token, whoever issued it.
REGISTERED: Final = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti"})

# An agreement that must hold; the sentence that says which claim breaks it, or None.
Agreement = Callable[[str, Mapping[str, Any]], str | None]


@dataclass(frozen=True, slots=True)
class IssuerKind:
    """One kind of issuer.

    Attributes:
        name: as people say it.
        issuers: matches its `iss` whole.
        required: claims that must be there, as texts that are not empty.
        optional: claims that are looked at when they are there.
        unchecked: claims that mean nothing to a registry.
        subject: the claim that federated credentials name.
        agreement: what must hold between the claims.
        open_ended: whether other claims are nothing to wonder about.
    """

    name: str
    issuers: re.Pattern[str]
    required: frozenset[str]
    optional: frozenset[str] = frozenset()
    unchecked: frozenset[str] = frozenset()
    subject: str = "sub"
    agreement: Agreement = lambda _issuer, _claims: None
    open_ended: bool = False

    def unsorted(self, claims: Mapping[str, Any]) -> tuple[str, ...]:
        """The claims that this table does not know, in order."""
        if self.open_ended:
            return ()
        known = REGISTERED | self.required | self.optional | self.unchecked
        return tuple(sorted(claims.keys() - known))


def kind_of(issuer: str) -> IssuerKind:
    """What `issuer` is known to be; any OpenID Connect provider when it is none of the others."""
    return next((kind for kind in _KINDS if kind.issuers.fullmatch(issuer)), ANY)


def discovery_url(issuer: str) -> str:
    """Where the metadata of `issuer` is (OpenID Connect Discovery 1.0 section 4)."""
    base = entra.metadata_base(issuer) or issuer
    return f"{base.rstrip('/')}/.well-known/openid-configuration"


def _of_kubernetes(_issuer: str, claims: Mapping[str, Any]) -> str | None:
    """A service account's own claim says the same as `sub` does."""
    bound = claims.get("kubernetes.io")
    if not isinstance(bound, Mapping):
        return None
    account = bound.get("serviceaccount")
    name = account.get("name") if isinstance(account, Mapping) else None
    if claims["sub"] != f"system:serviceaccount:{bound.get('namespace')}:{name}":
        return "the claim `sub` and the claim `kubernetes.io` name different service accounts"
    return None


def _of_entra(issuer: str, claims: Mapping[str, Any]) -> str | None:
    return entra.disagreement(issuer, claims)


ANY = IssuerKind(
    name="OpenID Connect",
    issuers=re.compile(r".*", re.DOTALL),
    required=frozenset({"sub"}),
    optional=frozenset({"kubernetes.io"}),
    agreement=_of_kubernetes,
    open_ended=True,
)
_KINDS = (
    IssuerKind(
        name="Microsoft Entra ID",
        issuers=entra.ISSUERS,
        required=frozenset({"oid", "tid", "ver"}),
        optional=frozenset(
            {"appid", "azp", "appidacr", "azpacr", "idtyp", "groups", "hasgroups", "sub"}
            | {"_claim_names", "_claim_sources", "upn", "unique_name", "preferred_username", "name"}
        ),
        unchecked=frozenset(
            {"acr", "acrs", "aio", "amr", "app_displayname", "deviceid", "email", "family_name"}
            | {"given_name", "idp", "ipaddr", "login_hint", "onprem_sid", "puid", "rh", "roles"}
            | {"scp", "sid", "tenant_region_scope", "uti", "wids", "xms_az_rid", "xms_cc"}
            | {"xms_idrel", "xms_mirid", "xms_tcdt", "xms_ftd", "xms_act_fct", "xms_sub_fct"}
        ),
        subject="oid",
        agreement=_of_entra,
    ),
    IssuerKind(
        name="GitHub Actions",
        issuers=re.compile(r"https://token\.actions\.githubusercontent\.com(?:/[^/]+)?"),
        required=frozenset({"sub", "repository", "repository_owner", "repository_owner_id"}),
        unchecked=frozenset(
            {"actor", "actor_id", "base_ref", "check_run_id", "enterprise", "enterprise_id"}
            | {"environment", "environment_node_id", "event_name", "head_ref", "issuer_scope"}
            | {"job_workflow_ref", "job_workflow_sha", "ref", "ref_protected", "ref_type"}
            | {"repository_id", "repository_visibility", "run_attempt", "run_id", "run_number"}
            | {"runner_environment", "sha", "workflow", "workflow_ref", "workflow_sha"}
        ),
    ),
    IssuerKind(
        name="GitLab",
        issuers=re.compile(r"https://gitlab\.com"),
        required=frozenset({"sub", "project_path", "namespace_path", "ref", "ref_type"}),
        unchecked=frozenset(
            {
                "ci_config_ref_uri",
                "ci_config_sha",
                "deployment_tier",
                "environment",
                "groups_direct",
            }
            | {
                "environment_action",
                "environment_protected",
                "job_id",
                "job_source",
                "namespace_id",
            }
            | {"pipeline_id", "pipeline_source", "project_id", "project_visibility", "ref_path"}
            | {"ref_protected", "runner_environment", "runner_id", "sha", "user_access_level"}
            | {"user_email", "user_id", "user_identities", "user_login", "job_namespace_id"}
            | {"job_namespace_path", "job_project_id", "job_project_path"}
        ),
    ),
)


def is_text(value: Any) -> bool:
    """Whether a claim holds a text that is not empty and can be shown."""
    return isinstance(value, str) and value != "" and value.isprintable()
