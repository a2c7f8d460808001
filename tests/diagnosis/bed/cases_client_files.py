"""How the client is set up: proxies, mirrors, hosts files, registries.conf."""

from __future__ import annotations

import socket

from tests.diagnosis.bed.cases_stored import hub, private
from tests.diagnosis.bed.certificates import Shown
from tests.diagnosis.bed.harness import Case, Client, Question, Verdict, Wish, case, twin
from tests.diagnosis.bed.hosting import HOST, IMAGE, logged_in, pull, registry_at
from tests.diagnosis.bed.registries import on
from tests.diagnosis.bed.servers import Asked, Reply, Site
from tests.diagnosis.bed.stage import Stage
from tests.diagnosis.bed.wording import errors

_PROXY_HOST = "proxy.example.com"
_MIRROR_HOST = "mirror.example.com"
_DROP_IN = "/etc/systemd/system/docker.service.d/proxy.conf"
_UNIT = "/lib/systemd/system/docker.service"
_HOSTS_FILE = f"/etc/containerd/certs.d/{HOST}/hosts.toml"
_REGISTRIES = "/etc/containers/registries.conf"
_BUSY = errors(429, "TOOMANYREQUESTS", "You have reached your unauthenticated pull rate limit.")


def _proxy(stage: Stage, status: int = 200) -> None:
    """A proxy, which is the one way to the registry."""
    (address,) = stage.network.names[HOST]
    site = stage.network.sites.pop((address, 443))
    stage.network.silent.add(address)

    def onward(host: str, port: int) -> socket.socket:
        assert (host, port) == (HOST, 443)
        return stage.shared.loopback.connect(site, 5)

    def answer(asked: Asked) -> Reply:
        assert asked.method == "CONNECT"
        return Reply(status)

    stage.serve(_PROXY_HOST, Site(answer, onward=onward), port=3128, plain=True)


def _behind_a_proxy(stage: Stage, *, daemon: bool, status: int = 200) -> Question:
    logged_in(stage, private(stage), everything="pull")
    _proxy(stage, status)
    login = stage.secret()
    value = f"http://proxyuser:{login}@{_PROXY_HOST}:3128"
    stage.environment["HTTPS_PROXY"] = value
    stage.write(_UNIT, "[Service]\nExecStart=/usr/bin/dockerd\n")
    if daemon:
        stage.write(_DROP_IN, f'[Service]\nEnvironment="HTTPS_PROXY={value}"\n')
    return pull()


def _proxy_of_the_shell_alone(stage: Stage) -> Question:
    return _behind_a_proxy(stage, daemon=False)


def _proxy_of_both(stage: Stage) -> Question:
    return _behind_a_proxy(stage, daemon=True)


def _proxy_refuses(stage: Stage) -> Question:
    return _behind_a_proxy(stage, daemon=True, status=403)


def _proxy_wants_a_login(stage: Stage) -> Question:
    return _behind_a_proxy(stage, daemon=True, status=407)


def _silent_without_a_proxy(stage: Stage) -> Question:
    question = _behind_a_proxy(stage, daemon=False)
    stage.environment["NO_PROXY"] = ".example.com"
    return question


def _mirror_of_the_hub(stage: Stage, realm: str) -> Question:
    registry = hub(stage)
    registry.bends.append(on("/v2/.*/manifests/.*", _BUSY))
    mirror = registry_at(stage, _MIRROR_HOST, realm=realm)
    if not realm:
        mirror.knows("ana", stage.secret(), everything="pull")
    stage.write("/etc/docker/daemon.json", {"registry-mirrors": [f"https://{_MIRROR_HOST}"]})
    return Question(Wish(f"{IMAGE}:1"))


def _mirror_wants_a_login(stage: Stage) -> Question:
    return _mirror_of_the_hub(stage, "")


def _mirror_is_open(stage: Stage) -> Question:
    question = _mirror_wants_a_login(stage)
    registry_at(stage, _MIRROR_HOST, open_ping=True)
    return question


def _node(stage: Stage) -> None:
    stage.write("/var/lib/kubelet/config.yaml", "kind: KubeletConfiguration\n")


def _mirror_of_containerd(stage: Stage) -> Question:
    private(stage)
    stage.write(_HOSTS_FILE, f'server = "https://{HOST}"\n[host."https://{_MIRROR_HOST}"]\n')
    refusal = on("/v2/", errors(403, "DENIED", "requested access to the resource is denied"))
    registry_at(stage, _MIRROR_HOST).bends.append(refusal)
    return pull(client=Client.CONTAINERD)


def _own_authority(stage: Stage, config: str) -> Question:
    _node(stage)
    registry = registry_at(stage, HOST, shown=Shown((HOST,), trusted=False))
    registry.public = {IMAGE: {"pull"}}
    folder = f"/etc/containerd/certs.d/{HOST}"
    stage.write(f"{folder}/ca.crt", stage.shared.strange.pem)
    stage.write(_HOSTS_FILE, f'server = "https://{HOST}"\nca = "{folder}/ca.crt"\n')
    stage.write("/etc/containerd/config.toml", config)
    return pull(client=Client.CONTAINERD)


def _hosts_files_not_read(stage: Stage) -> Question:
    return _own_authority(stage, "version = 2\n")


def _hosts_files_under_the_old_plugin(stage: Stage) -> Question:
    section = '[plugins."io.containerd.grpc.v1.cri".registry]'
    return _own_authority(
        stage, f'version = 3\n{section}\nconfig_path = "/etc/containerd/certs.d"\n'
    )


def _hosts_files_read(stage: Stage) -> Question:
    section = '[plugins."io.containerd.grpc.v1.cri".registry]'
    return _own_authority(
        stage, f'version = 2\n{section}\nconfig_path = "/etc/containerd/certs.d"\n'
    )


def _red_hat(stage: Stage, options: str) -> Question:
    logged_in(stage, private(stage), everything="pull")
    stage.write("/etc/sysconfig/docker", f"OPTIONS='{options}'\nDOCKER_CERT_PATH=/etc/docker\n")
    return pull()


def _signatures_wanted(stage: Stage) -> Question:
    return _red_hat(stage, "--selinux-enabled --log-driver=journald")


def _signatures_not_wanted(stage: Stage) -> Question:
    return _red_hat(stage, "--selinux-enabled --signature-verification=false")


def _blocked(stage: Stage, host: str) -> Question:
    private(stage)
    stage.write(_REGISTRIES, f'[[registry]]\nlocation = "{host}"\nblocked = true\n')
    return pull(client=Client.PODMAN)


def _this_host_blocked(stage: Stage) -> Question:
    return _blocked(stage, HOST)


def _another_host_blocked(stage: Stage) -> Question:
    return _blocked(stage, "ghcr.io")


def _short(stage: Stage, image: str) -> Question:
    hub(stage)
    stage.write(_REGISTRIES, f'unqualified-search-registries = ["{HOST}", "docker.io"]\n')
    return Question(Wish(image, Client.PODMAN))


def _short_name(stage: Stage) -> Question:
    return _short(stage, "app:1")


def _whole_name(stage: Stage) -> Question:
    return _short(stage, "docker.io/library/app:1")


CASES: tuple[Case, ...] = (
    case(
        "54: proxy of the shell alone",
        _proxy_of_the_shell_alone,
        Verdict.PROVEN,
        "proxy-for-daemon",
    ),
    case("54: proxy that refuses", _proxy_refuses, Verdict.PROVEN, "proxy-for-daemon"),
    case("54: proxy that wants a login", _proxy_wants_a_login, Verdict.PROVEN, "proxy-for-daemon"),
    twin("54: proxy of shell and daemon", _proxy_of_both, Verdict.WELL, of="proxy-for-daemon"),
    twin(
        "54: silent host that needs no proxy",
        _silent_without_a_proxy,
        Verdict.PROVEN,
        "connection-timed-out",
        of="proxy-for-daemon",
    ),
    case(
        "61: mirror of Docker Hub that wants a login",
        _mirror_wants_a_login,
        Verdict.PROVEN,
        "docker-hub-rate-limit",
        "mirror-gets-wrong-credential",
    ),
    case(
        "61: mirror in hosts.toml that refuses",
        _mirror_of_containerd,
        Verdict.PROVEN,
        "no-credential-for-host",
        "mirror-gets-wrong-credential",
    ),
    twin(
        "61: mirror that is open",
        _mirror_is_open,
        Verdict.PROVEN,
        "docker-hub-rate-limit",
        of="mirror-gets-wrong-credential",
    ),
    case(
        "62: hosts files without config_path",
        _hosts_files_not_read,
        Verdict.PROVEN,
        "x509-unknown-authority",
        "containerd-config-path-ignored",
    ),
    case(
        "62: config_path under the plugin of another version",
        _hosts_files_under_the_old_plugin,
        Verdict.PROVEN,
        "x509-unknown-authority",
        "containerd-config-path-ignored",
    ),
    twin(
        "62: hosts files that are read",
        _hosts_files_read,
        Verdict.WELL,
        of="containerd-config-path-ignored",
    ),
    case(
        "80: Red Hat's docker looks for signatures",
        _signatures_wanted,
        Verdict.WELL,
        "redhat-docker-signature-verification",
    ),
    twin(
        "80: Red Hat's docker without signatures",
        _signatures_not_wanted,
        Verdict.WELL,
        of="redhat-docker-signature-verification",
    ),
    case(
        "87: host blocked",
        _this_host_blocked,
        Verdict.PROVEN,
        "blocked-registry-in-registries-conf",
    ),
    twin(
        "87: another host blocked",
        _another_host_blocked,
        Verdict.PROVEN,
        "no-credential-for-host",
        of="blocked-registry-in-registries-conf",
    ),
    case(
        "89: short name for podman",
        _short_name,
        Verdict.PROVEN,
        "short-name-resolution",
        "no-credential-for-host",
    ),
    twin(
        "89: whole name for podman",
        _whole_name,
        Verdict.PROVEN,
        "no-credential-for-host",
        of="short-name-resolution",
    ),
)
