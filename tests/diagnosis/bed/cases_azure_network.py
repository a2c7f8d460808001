"""How an Azure registry may be out of reach: its firewall, and names of private endpoints."""

from __future__ import annotations

from tests.diagnosis.bed.cases_limits import ACR, azure
from tests.diagnosis.bed.harness import Case, Client, Question, Verdict, case, twin
from tests.diagnosis.bed.hosting import logged_in, pull
from tests.diagnosis.bed.registries import on
from tests.diagnosis.bed.servers import Reply
from tests.diagnosis.bed.stage import Stage
from tests.diagnosis.bed.wording import page

# Addresses for documentation count as private ones; this is one of Azure's own, and nothing is
# sent there: every connection of the bed ends on loopback.
_PUBLIC_ADDRESS = "20.61.99.68"
_FIREWALL = Reply(
    403,
    b'{"errors":[{"code":"DENIED","message":"client with IP \\u0027203.0.113.77\\u0027 is not '
    b'allowed access. Refer https://aka.ms/acr/firewall to grant access."}]}\n',
    (("Content-Type", "application/json; charset=utf-8"),),
)


def _firewall(stage: Stage) -> Question:
    registry = azure(stage)
    registry.bends.append(on(".*", _FIREWALL))
    logged_in(stage, registry, everything="pull")
    return pull(ACR)


def _firewall_for_nobody(stage: Stage) -> Question:
    azure(stage).bends.append(on(".*", _FIREWALL))
    return pull(ACR, Client.CONTAINERD)


def _a_filter_before_it(stage: Stage) -> Question:
    registry = azure(stage)
    registry.bends.append(on(".*", page(403, "Blocked")))
    logged_in(stage, registry, everything="pull")
    return pull(ACR)


def _private_endpoint_unused(stage: Stage) -> Question:
    stage.name(ACR, _PUBLIC_ADDRESS)
    registry = azure(stage)
    stage.name("contoso.privatelink.azurecr.io", "10.20.0.4")
    registry.bends.append(on(".*", _FIREWALL))
    logged_in(stage, registry, everything="pull")
    return pull(ACR)


def _private_endpoint_unused_and_silent(stage: Stage) -> Question:
    stage.network.silent.update(stage.name(ACR, _PUBLIC_ADDRESS))
    stage.name("contoso.privatelink.azurecr.io", "10.20.0.4")
    return pull(ACR)


def _private_endpoint_used(stage: Stage) -> Question:
    stage.name(ACR, "10.20.0.4")
    stage.name("contoso.privatelink.azurecr.io", "10.20.0.4")
    logged_in(stage, azure(stage), everything="pull")
    return pull(ACR)


def _let_in(stage: Stage) -> Question:
    logged_in(stage, azure(stage), everything="pull")
    return pull(ACR)


CASES: tuple[Case, ...] = (
    case("15: logged in", _firewall, Verdict.PROVEN, "acr-ip-not-allowed"),
    case("15: not logged in", _firewall_for_nobody, Verdict.PROVEN, "acr-ip-not-allowed"),
    twin("15: let in", _let_in, Verdict.WELL, of="acr-ip-not-allowed"),
    twin(
        "15: a filter before it",
        _a_filter_before_it,
        Verdict.SUSPECTED,
        "restricted-by-desktop-policy-or-egress-filter",
        of="acr-ip-not-allowed",
    ),
    case("16: refused", _private_endpoint_unused, Verdict.PROVEN, "acr-private-endpoint-dns"),
    case(
        "16: silent",
        _private_endpoint_unused_and_silent,
        Verdict.PROVEN,
        "acr-private-endpoint-dns",
    ),
    twin("16: used", _private_endpoint_used, Verdict.WELL, of="acr-private-endpoint-dns"),
    twin(
        "16: there is none",
        _firewall,
        Verdict.PROVEN,
        "acr-ip-not-allowed",
        of="acr-private-endpoint-dns",
    ),
)
