"""Causes on the way to the registry: names, connections, proxies and TLS."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from pratique.diagnosis.facts.conversation import Exchange, Failed, Failure
from pratique.diagnosis.facts.credentials import Client
from pratique.diagnosis.facts.examination import Examination
from pratique.diagnosis.findings import Finding, certain, suspected
from pratique.diagnosis.rules.registries import Kind, azure_name, kind_of
from pratique.diagnosis.rules.shape import (
    Rule,
    everything,
    host,
    is_page,
    origin,
    pulls,
    quoted,
    shown,
)

_STOPPED = {
    Failed.REFUSED: ("connection-refused", "nothing listens at"),
    Failed.TIMEOUT: ("connection-timed-out", "nothing answers at"),
    Failed.UNREACHABLE: ("connection-timed-out", "no way leads to"),
    Failed.CLOSED: ("connection-closed", "the connection was closed by"),
}


def unreachable(seen: Examination) -> Iterator[Finding]:
    """The name has no address, or nothing answers there."""
    failure = _failure(seen.ping)
    if failure is None or seen.reference is None:
        return
    server = seen.reference.server
    if failure.why in {Failed.NO_SUCH_NAME, Failed.LOOKUP}:
        yield certain(
            "host-not-found",
            f"The name `{seen.reference.name}` does not resolve on this machine.",
            f"getent hosts {quoted(seen.reference.name)}",
            evidence=[f"looking up `{seen.reference.name}`: {failure.words}"],
            advice="Check the spelling of the host, and the DNS server and VPN of this machine.",
        )
    elif failure.why in _STOPPED:
        cause, words = _STOPPED[failure.why]
        yield certain(
            cause,
            f"The name resolves, but {words} `{failure.address}` for `{server}`.",
            evidence=[f"connecting to {failure.address} for `{server}`: {failure.words}"],
            advice="Check the port, the firewall on the way, and whether the registry runs.",
        )


def untrusted(seen: Examination) -> Iterator[Finding]:
    """The certificate is not one that the client accepts."""
    failure = _failure(seen.ping)
    if failure is None or seen.reference is None:
        return
    server, shown_certificate = seen.reference.server, failure.certificate
    issuer = shown_certificate.issuer if shown_certificate else "an unknown issuer"
    by_itself = shown_certificate is not None and shown_certificate.self_issued
    if failure.why is Failed.UNKNOWN_AUTHORITY:
        yield certain(
            "x509-unknown-authority",
            f"The certificate of `{server}` "
            + ("is signed by itself" if by_itself else f"comes from `{issuer}`")
            + f", which this machine does not trust for {seen.wish.client.value}.",
            *_trust_commands(seen),
            evidence=[f"TLS with `{server}`: {failure.words}", *seen.trust_faults],
            advice="Get the CA's certificate from whoever runs the registry, and put it where the "
            "client looks; where the issuer is the same for every host, a proxy on the way opens "
            "TLS, and its CA is the one to trust.",
        )
    elif failure.why is Failed.WRONG_NAME:
        names = ", ".join(shown_certificate.names) if shown_certificate else "others"
        yield certain(
            "tls-name-mismatch",
            f"The certificate that `{server}` shows is for {names or 'no name at all'}.",
            evidence=[f"TLS with `{server}`: {failure.words}"],
            advice="Use a name that the certificate has, or have the registry give one for this.",
        )
    elif failure.why is Failed.TLS:
        yield certain(
            "tls-failed",
            f"The TLS handshake with `{server}` failed: {failure.words}.",
            evidence=[f"TLS with `{server}`: {failure.words}"],
            advice="A proxy or firewall on the way, or a server that speaks something else.",
        )


def expired_certificate(seen: Examination) -> Iterator[Finding]:
    """The certificate is out of its time, by the clock here."""
    failure = _failure(seen.ping)
    if failure is None or seen.reference is None or failure.certificate is None:
        return
    if failure.why not in {Failed.EXPIRED, Failed.NOT_YET_VALID}:
        return
    shown_certificate = failure.certificate
    life = f"{shown_certificate.not_before:%Y-%m-%d} to {shown_certificate.not_after:%Y-%m-%d}"
    yield certain(
        "tls-expired",
        f"The certificate of `{seen.reference.server}` is valid from {life}; it is "
        f"{seen.place.now:%Y-%m-%d} here.",
        evidence=[f"TLS with `{seen.reference.server}`: {failure.words}"],
        advice="Have the registry renew it, unless it is this machine's clock that is wrong.",
    )


def plain_http(seen: Examination) -> Iterator[Finding]:
    """The registry speaks HTTP where the client speaks TLS."""
    failure = _failure(seen.ping)
    if failure is None or failure.why is not Failed.SPEAKS_HTTP or seen.reference is None:
        return
    server = seen.reference.server
    yield certain(
        "http-server-https-client",
        f"`{server}` answers in plain HTTP, and {seen.wish.client.value} asks it over TLS.",
        evidence=[f"TLS with `{server}`: the answer is not TLS"],
        advice=_insecure_advice(seen.wish.client, server),
    )


def firewall(seen: Examination) -> Iterator[Finding]:
    """An Azure registry's own firewall refuses the address, or sees the wrong one."""
    ping = seen.ping
    if ping is None or kind_of(seen) is not Kind.ACR:
        return
    name = azure_name(seen)
    if seen.registry is not None and seen.registry.private_link and ping.status in {0, 403}:
        where = seen.registry.addresses[0] if seen.registry.addresses else "a public address"
        if not _is_private(where):
            yield certain(
                "acr-private-endpoint-dns",
                f"`{host(seen)}` has a private endpoint, but its name leads to the public address "
                f"{where} from here.",
                f"az acr check-health -n {name} --vnet VNET",
                evidence=[f"`{name}.privatelink` resolves to {seen.registry.private_link}"],
                advice="Link this virtual network to the private DNS zone "
                "`privatelink.azurecr.io`; the `data` endpoint of the region needs a record too.",
            )
            return
    if ping.status == 403:
        address = _refused_address(ping)
        if address:
            yield certain(
                "acr-ip-not-allowed",
                f"The firewall of `{host(seen)}` does not let the address {address} in.",
                f"az acr network-rule add -n {name} --ip-address {quoted(address)}",
                evidence=[shown(ping)],
                advice="New rules take some minutes to arrive everywhere.",
            )


def network_rules(seen: Examination) -> Iterator[Finding]:
    """A Pratique registry's own network rules refuse the address."""
    ping = seen.ping
    if ping is None or ping.status != 403 or ping.answer is None:
        return
    address = _refused_address(ping)
    if address and "`pratique network-rule" in ping.answer.text:
        closed = "--public-access on`" in ping.answer.text
        lets_in = "set --public-access on" if closed else f"add {quoted(address)}"
        yield certain(
            "pratique-address-refused",
            f"`{host(seen)}` lets nobody in over a network: its public access is off."
            if closed
            else f"The network rules of `{host(seen)}` do not let the address {address} in.",
            f"pratique network-rule {lets_in} --server {quoted(host(seen))}",
            evidence=[shown(ping)],
            advice="The operator of the registry runs the command."
            if closed
            else "The operator of the registry runs the command. If the address is a proxy's that "
            "stands before the registry, it is started with `--trusted-proxy`.",
        )


def _refused_address(ping: Exchange) -> str:
    """The address that a firewall's refusal names; empty when it is none."""
    answer = ping.answer.text if ping.answer else ""
    _, _, rest = answer.partition("client with IP ")
    named, found, _ = rest.partition(" is not allowed")
    return named.replace("\\u0027", "'").strip(" '\"")[:45] if found else ""


def stopped_on_the_way(seen: Examination) -> Iterator[Finding]:
    """Something that is no registry refuses in its place."""
    stopped = next((each for each in everything(seen) if _is_filters(seen, each)), None)
    if stopped is None or pulls(seen):
        return
    page = "a page for people" if is_page(stopped) else "nothing that a registry says"
    yield suspected(
        "restricted-by-desktop-policy-or-egress-filter",
        f"Something on the way to `{origin(stopped.url)}` refuses: the answer is 403 with {page}.",
        evidence=[shown(stopped)],
        advice="Ask whoever runs the network, or Docker Desktop's Registry Access Management, "
        "to allow the host; from another network it would answer as a registry does.",
    )


def _is_filters(seen: Examination, exchange: Exchange) -> bool:
    answer = exchange.answer
    if answer is None or exchange.status != 403 or exchange.method == "HEAD":
        return False
    return answer.is_html or (exchange is seen.ping and not answer.errors())


def other_answers(seen: Examination) -> Iterator[Finding]:
    """The addresses of the name belong to different registries."""
    tellings = {
        address: (exchange.status, _service(exchange))
        for address, exchange in seen.neighbours
        if exchange.answer is not None
    }
    if pulls(seen) or len(set(tellings.values())) < 2:
        return
    yield certain(
        "ipv6-or-split-horizon",
        f"The addresses of `{host(seen)}` do not answer alike, so they are not one registry.",
        evidence=[
            f"{address} answers {status} {service}".rstrip()
            for address, (status, service) in tellings.items()
        ],
        advice="Look for a stale line in /etc/hosts, split DNS, or an IPv6 address of another "
        "machine.",
    )


def realm_out_of_reach(seen: Examination) -> Iterator[Finding]:
    """The registry answers, but not the place where it sends for tokens."""
    request = seen.identified or seen.anonymous
    failure = _failure(request.last) if request else None
    if request is None or failure is None or failure.why is Failed.CLEAR_TEXT:
        return
    yield certain(
        "realm-unreachable",
        f"`{host(seen)}` sends for a token to `{request.last.url}`, which cannot be reached from "
        f"here: {failure.why.value}.",
        evidence=[shown(request.last)],
        advice="Allow that host as well, or have the registry name a realm that its clients reach.",
    )


def storage_out_of_reach(seen: Examination) -> Iterator[Finding]:
    """Layers are kept at a place that does not let this machine in."""
    for blob in seen.blobs:
        last = blob.last
        if not blob.redirected or last.status in {200, 206} or "auth mechanism" in said_of(last):
            continue
        if "Authentication information is not given in the correct format" in said_of(last):
            continue
        name = azure_name(seen)
        yield certain(
            "blob-storage-blocked",
            f"The manifest came, but its layers are kept at `{origin(last.url)}`, and there "
            f"{last.failure.why.value if last.failure else f'the answer is {last.status}'}.",
            *([f"az acr update -n {name} --data-endpoint-enabled"] if name else []),
            evidence=[f"{last.method} {origin(last.url)}…"],
            advice="Allow that host in the firewall and in the proxy, beside the registry itself.",
        )


def said_of(exchange: Exchange) -> str:
    """The whole body of an answer as text; empty when there is none."""
    return exchange.answer.text if exchange.answer else ""


def _trust_commands(seen: Examination) -> list[str]:
    if seen.reference is None:
        return []
    server = quoted(seen.reference.server)
    if seen.wish.client is Client.PODMAN:
        folder = f"/etc/containers/certs.d/{server}"
    else:
        kind = "containerd" if seen.wish.client is Client.CONTAINERD else "docker"
        folder = f"/etc/{kind}/certs.d/{server}"
    commands = [f"sudo mkdir -p {folder}", f"sudo cp CA.crt {folder}/ca.crt"]
    if seen.wish.client is Client.CONTAINERD:
        line = f'server = "https://{seen.reference.server}"\\nca = "{folder}/ca.crt"\\n'
        commands.append(f"printf {quoted(line)} | sudo tee {folder}/hosts.toml")
    return commands


def _insecure_advice(client: Client, server: str) -> str:
    if client is Client.DOCKER:
        setting = f'`"insecure-registries": ["{server}"]` in /etc/docker/daemon.json'
    elif client is Client.CONTAINERD:
        setting = f'`server = "http://{server}"` in /etc/containerd/certs.d/{server}/hosts.toml'
    else:
        setting = (
            f'`location = "{server}"` with `insecure = true` in /etc/containers/registries.conf'
        )
    # Podman has no daemon: it reads the file each time.
    restart = "" if client is Client.PODMAN else ", and restart"
    return f"Give the registry a certificate; for a test only, set {setting}{restart}."


def _failure(exchange: Exchange | None) -> Failure | None:
    return exchange.failure if exchange else None


def _service(exchange: Exchange) -> str:
    return exchange.answer.header("www-authenticate") if exchange.answer else ""


def _is_private(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_private
    except ValueError:
        return False


RULES: tuple[Rule, ...] = (
    unreachable,
    untrusted,
    expired_certificate,
    plain_http,
    firewall,
    network_rules,
    stopped_on_the_way,
    other_answers,
    realm_out_of_reach,
    storage_out_of_reach,
)
