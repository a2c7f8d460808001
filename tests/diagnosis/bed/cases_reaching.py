"""On the way to the registry: names, connections and TLS."""

from __future__ import annotations

from datetime import timedelta

from tests.diagnosis.bed.certificates import Shown
from tests.diagnosis.bed.harness import Case, Client, Question, Verdict, case, twin
from tests.diagnosis.bed.hosting import HOST, IMAGE, pull, registry_at
from tests.diagnosis.bed.registries import Registry
from tests.diagnosis.bed.servers import Reply, Site
from tests.diagnosis.bed.stage import Stage
from tests.diagnosis.bed.wording import page

# An alert: handshake failure (RFC 8446, 6).
_ALERT = bytes([0x15, 3, 3, 0, 2, 2, 40])
_DAY = timedelta(days=1)


def _public(
    stage: Stage, host: str = HOST, *, shown: Shown | None = None, plain: bool = False
) -> Registry:
    registry = registry_at(stage, host, shown=shown, plain=plain)
    registry.public = {IMAGE: {"pull"}}
    return registry


def _no_name(stage: Stage) -> Question:
    _public(stage)
    return pull("registri.example.com")


def _no_name_for_now(stage: Stage) -> Question:
    stage.network.names[HOST] = ()
    return pull()


def _reached(stage: Stage) -> Question:
    _public(stage)
    return pull()


def _refused(stage: Stage) -> Question:
    _public(stage)
    return pull(f"{HOST}:5000")


def _silent(stage: Stage) -> Question:
    stage.network.silent.update(stage.name(HOST))
    return pull()


def _wrong_name(stage: Stage) -> Question:
    _public(stage, shown=Shown(("other.example.com", "www.example.com")))
    return pull()


def _one_of_its_names(stage: Stage) -> Question:
    _public(stage, shown=Shown(("other.example.com", HOST)))
    return pull()


def _expired(stage: Stage) -> Question:
    _public(stage, shown=Shown((HOST,), ends=-_DAY))
    return pull()


def _not_yet(stage: Stage) -> Question:
    _public(stage, shown=Shown((HOST,), begins=_DAY))
    return pull()


def _nearly_expired(stage: Stage) -> Question:
    _public(stage, shown=Shown((HOST,), ends=timedelta(hours=1)))
    return pull()


def _strange(stage: Stage) -> Question:
    _public(stage, shown=Shown((HOST,), trusted=False))
    return pull()


def _strange_by_podman(stage: Stage) -> Question:
    _public(stage, shown=Shown((HOST,), trusted=False))
    # Podman reads Docker's folder as well as its own, and not containerd's.
    stage.write(f"/etc/containerd/certs.d/{HOST}/ca.crt", stage.shared.strange.pem)
    return pull(client=Client.PODMAN)


def _trusted_by_file(stage: Stage) -> Question:
    _public(stage, f"{HOST}:5000", shown=Shown((HOST,), trusted=False))
    stage.write(f"/etc/docker/certs.d/{HOST}:5000/ca.crt", stage.shared.strange.pem)
    return pull(f"{HOST}:5000")


def _trusted_by_podman(stage: Stage) -> Question:
    _public(stage, shown=Shown((HOST,), trusted=False))
    stage.write(f"/etc/containers/certs.d/{HOST}/ca.crt", stage.shared.strange.pem)
    return pull(client=Client.PODMAN)


def _handshake_fails(stage: Stage) -> Question:
    site = Site(lambda _: page(200), raw=_ALERT)
    stage.serve(HOST, site, port=443, plain=True)
    return pull()


def _hangs_up(stage: Stage) -> Question:
    def hang_up(_: object) -> Reply:
        raise ConnectionAbortedError

    stage.serve(HOST, Site(hang_up))
    return pull()


def _plain(stage: Stage) -> Question:
    _public(stage, f"{HOST}:5000", plain=True)
    return pull(f"{HOST}:5000")


def _plain_allowed(stage: Stage) -> Question:
    _public(stage, f"{HOST}:5000", plain=True)
    stage.write("/etc/docker/daemon.json", {"insecure-registries": [f"{HOST}:5000"]})
    return pull(f"{HOST}:5000")


def _two_registries(stage: Stage) -> Question:
    stage.name(HOST, "2001:db8::7", "203.0.113.90")
    old = registry_at(stage, HOST)
    old.service = "an older registry"
    old.public = {"old/app": {"pull"}, IMAGE: {"pull"}}
    del old.repositories[IMAGE]
    current = Registry(HOST, hidden=stage.hide)
    current.holds(IMAGE, "1")
    current.public = {IMAGE: {"pull"}}
    stage.serve(HOST, current.site(), address="203.0.113.90")
    return pull()


def _first_address_is_dead(stage: Stage) -> Question:
    stage.name(HOST, "203.0.113.89", "203.0.113.90")
    registry = Registry(HOST, hidden=stage.hide)
    registry.holds(IMAGE, "1")
    registry.public = {IMAGE: {"pull"}}
    stage.serve(HOST, registry.site(), address="203.0.113.90")
    return pull()


def _two_addresses(stage: Stage) -> Question:
    stage.name(HOST, "2001:db8::7", "203.0.113.90")
    registry = _public(stage)
    del registry.repositories[IMAGE]
    return pull()


def _web_server(stage: Stage) -> Question:
    stage.serve(HOST, Site(lambda _: page(200, "Welcome")))
    return pull()


def _web_server_without_the_page(stage: Stage) -> Question:
    stage.serve(HOST, Site(lambda _: page(404, "Not Found")))
    return pull()


def _sent_to_a_page(stage: Stage) -> Question:
    place = ("Location", "https://login.example.com/start")
    stage.serve(HOST, Site(lambda _: Reply(302, b"", (place,))))
    return pull()


def _broken(stage: Stage) -> Question:
    stage.serve(HOST, Site(lambda _: page(502, "Bad Gateway")))
    return pull()


def _filtered(stage: Stage) -> Question:
    stage.serve(HOST, Site(lambda _: page(403, "Blocked by policy")))
    return pull()


CASES: tuple[Case, ...] = (
    case("connection-closed: after TLS", _hangs_up, Verdict.PROVEN, "connection-closed"),
    twin("connection-closed: answers", _reached, Verdict.WELL, of="connection-closed"),
    case("host-not-found: misspelled", _no_name, Verdict.PROVEN, "host-not-found"),
    case("host-not-found: lookup fails", _no_name_for_now, Verdict.PROVEN, "host-not-found"),
    twin("host-not-found: it is there", _reached, Verdict.WELL, of="host-not-found"),
    case("connection-refused: other port", _refused, Verdict.PROVEN, "connection-refused"),
    twin("connection-refused: somebody listens", _reached, Verdict.WELL, of="connection-refused"),
    case("connection-timed-out: silence", _silent, Verdict.PROVEN, "connection-timed-out"),
    twin(
        "connection-timed-out: refused at once",
        _refused,
        Verdict.PROVEN,
        "connection-refused",
        of="connection-timed-out",
    ),
    case("tls-name-mismatch: other names", _wrong_name, Verdict.PROVEN, "tls-name-mismatch"),
    twin("tls-name-mismatch: one fits", _one_of_its_names, Verdict.WELL, of="tls-name-mismatch"),
    case("tls-expired: since yesterday", _expired, Verdict.PROVEN, "tls-expired"),
    case("tls-expired: not valid yet", _not_yet, Verdict.PROVEN, "tls-expired"),
    twin("tls-expired: within the hour", _nearly_expired, Verdict.WELL, of="tls-expired"),
    case("14: strange authority", _strange, Verdict.PROVEN, "x509-unknown-authority"),
    case("14: for podman", _strange_by_podman, Verdict.PROVEN, "x509-unknown-authority"),
    twin("14: trusted in certs.d", _trusted_by_file, Verdict.WELL, of="x509-unknown-authority"),
    twin("14: trusted by podman", _trusted_by_podman, Verdict.WELL, of="x509-unknown-authority"),
    case("tls-failed: an alert", _handshake_fails, Verdict.PROVEN, "tls-failed"),
    twin(
        "tls-failed: plain HTTP",
        _plain,
        Verdict.PROVEN,
        "http-server-https-client",
        of="tls-failed",
    ),
    case("35: plain HTTP", _plain, Verdict.PROVEN, "http-server-https-client"),
    twin("35: allowed", _plain_allowed, Verdict.WELL, of="http-server-https-client"),
    case(
        "94: an old server by IPv6",
        _two_registries,
        Verdict.PROVEN,
        "ipv6-or-split-horizon",
        "repository-missing",
    ),
    twin(
        "94: two addresses of one registry",
        _two_addresses,
        Verdict.PROVEN,
        "repository-missing",
        of="ipv6-or-split-horizon",
    ),
    twin(
        "94: one address is dead",
        _first_address_is_dead,
        Verdict.WELL,
        of="ipv6-or-split-horizon",
    ),
    case("not-a-registry: a web server", _web_server, Verdict.PROVEN, "not-a-registry"),
    case(
        "not-a-registry: no such page",
        _web_server_without_the_page,
        Verdict.PROVEN,
        "not-a-registry",
    ),
    case("not-a-registry: sent to a login", _sent_to_a_page, Verdict.PROVEN, "not-a-registry"),
    twin("not-a-registry: it is one", _reached, Verdict.WELL, of="not-a-registry"),
    case("server-error: bad gateway", _broken, Verdict.PROVEN, "server-error"),
    twin("server-error: no error", _reached, Verdict.WELL, of="server-error"),
    case(
        "86: a filter's page",
        _filtered,
        Verdict.SUSPECTED,
        "restricted-by-desktop-policy-or-egress-filter",
    ),
    twin(
        "86: not filtered",
        _reached,
        Verdict.WELL,
        of="restricted-by-desktop-policy-or-egress-filter",
    ),
)
