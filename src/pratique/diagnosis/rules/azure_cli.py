"""Causes in how the Azure CLI is set up for a registry that is not Azure's own."""

from __future__ import annotations

from collections.abc import Iterator

from pratique.diagnosis.facts.conversation import Failed
from pratique.diagnosis.facts.examination import Examination
from pratique.diagnosis.findings import Finding, certain, suspected
from pratique.diagnosis.rules import azure_sign_in
from pratique.diagnosis.rules.azure_shape import az_server, cloud_of, looked_at, offline, set_up
from pratique.diagnosis.rules.shape import Rule, host, quoted, shown


def cloud_unknown(seen: Examination) -> Iterator[Finding]:
    """Az was never told of this registry."""
    az = looked_at(seen)
    if (
        az is None
        or cloud_of(seen, az) is not None
        or (az_server(seen) is None and not offline(seen))
    ):
        return
    known = ", ".join(f"`{cloud.name}`" for cloud in az.clouds) or "those of Azure alone"
    # Without asking it cannot be known which of a server's registries this may be.
    told = suspected if offline(seen) and az.clouds else certain
    yield told(
        "az-cloud-unknown",
        f"az knows no cloud at `{host(seen)}`, so `az login` and `az acr login` ask Azure.",
        set_up(seen),
        evidence=[f"clouds in {az.folder}/clouds.config: {known}"],
    )


def cloud_without_tls(seen: Examination) -> Iterator[Finding]:
    """An address in the cloud is http, which az takes when it is registered and refuses after."""
    az = looked_at(seen)
    cloud = cloud_of(seen, az) if az else None
    if az is None or cloud is None:
        return
    clear = [each for each in (cloud.resource_manager, cloud.authority) if each[:5] == "http:"]
    if clear:
        yield certain(
            "az-cloud-without-tls",
            f"The cloud `{cloud.name}` in az has the address `{clear[0]}`, and az sends no token "
            "and no password over plain HTTP.",
            f"az cloud unregister -n {quoted(cloud.name)}",
            set_up(seen),
            evidence=[f"{az.folder}/clouds.config, section {cloud.name}"],
            advice="Serve the registry with TLS, and register it by its https address. Where the "
            "cloud is the active one, set another before: `az cloud set -n AzureCloud`.",
        )


def suffix_wrong(seen: Examination) -> Iterator[Finding]:
    """Without the suffix az makes no login server of a registry's name, or a wrong one."""
    az, server = looked_at(seen), az_server(seen)
    cloud = cloud_of(seen, az) if az else None
    if az is None or cloud is None:
        return
    right = server.suffix if server else ""
    if cloud.suffix == right or (cloud.suffix and not right):
        return
    said = f"`.{cloud.suffix}`" if cloud.suffix else "none"
    yield certain(
        "az-cloud-suffix-wrong",
        f"The cloud `{cloud.name}` in az has "
        + (f"the suffix {said} for login servers" if cloud.suffix else "no suffix of login servers")
        + (
            f", and this server's is `.{right}`."
            if cloud.suffix
            else ", without which every `az acr` command that names a registry ends at once."
        ),
        f"az cloud update -n {quoted(cloud.name)} --endpoint-resource-manager "
        f"{quoted(server.resource_manager if server else cloud.resource_manager)}",
        evidence=[f"suffix_acr_login_server_endpoint in {az.folder}/clouds.config: {said}"],
    )


def other_cloud_active(seen: Examination) -> Iterator[Finding]:
    """The registry's cloud is there, and az acts in another."""
    az = looked_at(seen)
    cloud = cloud_of(seen, az) if az else None
    if az is not None and cloud is not None and az.active != cloud.name:
        yield certain(
            "az-other-cloud-active",
            f"az acts in the cloud `{az.active}`; `{host(seen)}` is in `{cloud.name}`.",
            f"az cloud set -n {quoted(cloud.name)}",
            evidence=[f"{az.folder}/config: cloud.name is {az.active}"],
        )


def discovery_on(seen: Examination) -> Iterator[Finding]:
    """Az asks login.microsoftonline.com whether this authority is one of Microsoft's."""
    az = looked_at(seen)
    if az is None or not az.instance_discovery or cloud_of(seen, az) is None:
        return
    by_variable = bool(az.discovery_source) and not az.discovery_source.endswith("/config")
    yield certain(
        "az-instance-discovery-on",
        "Before each sign-in az asks `login.microsoftonline.com` about the registry's authority, "
        "which is unknown there or cannot be reached, and az stops.",
        *([f"unset {az.discovery_source}"] if by_variable else []),
        "az config set core.instance_discovery=false",
        evidence=[
            f"core.instance_discovery is on by {az.discovery_source}"
            if az.discovery_source
            else f"core.instance_discovery is not set in {az.folder}/config"
        ],
    )


def distrusts_certificate(seen: Examination) -> Iterator[Finding]:
    """Az has certificates of its own, and the registry's issuer is not among them."""
    az, visit = looked_at(seen), seen.az_visit
    if az is None or az.unverified:
        return
    failure = visit.document.failure if visit else None
    untrusted = failure is not None and failure.why is Failed.UNKNOWN_AUTHORITY
    if not untrusted and not az.bundle_fault:
        return
    source = f"`{az.bundle}` ({az.bundle_variable})" if az.bundle else "public roots"
    fault = f", which cannot be used: {az.bundle_fault}" if az.bundle_fault else ""
    yield certain(
        "az-distrusts-certificate",
        f"az trusts {source}{fault or f', and the certificate of `{host(seen)}` is not of those'}. "
        "It does not use the certificates of the system, nor those of docker and podman.",
        set_up(seen),
        evidence=[shown(visit.document)] if visit and untrusted else [],
        advice="Compare the fingerprint that is shown, and export REQUESTS_CA_BUNDLE as it says.",
    )


RULES: tuple[Rule, ...] = (
    cloud_unknown,
    cloud_without_tls,
    suffix_wrong,
    other_cloud_active,
    discovery_on,
    distrusts_certificate,
    *azure_sign_in.RULES,
)
