"""A machine in whose every source a canary is planted, made up from a seed."""

from __future__ import annotations

import base64
import json
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Final
from urllib.parse import quote

from tests.diagnosis.core.in_memory import Answering

from pratique.diagnosis.machine import Machine, Ran

# In every canary again and again, so that a part of one is found as well.
CORE: Final = "kanarien"
HOSTS: Final = ("registry.example.com", "team.azurecr.io", "ghcr.io", "127.0.0.1", "docker.io")
_TAILS: Final = ("", "/+=", 'a"b', "ä ö", "x&y<z>", "%41", "c:d@e", "\\n", "q\tq", "'`", "é" * 9)
_EPOCH: Final = datetime(2030, 1, 1, tzinfo=UTC)


class Canaries:
    """Makes canaries.

    Args:
        random: decides what they look like.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._count = 0
        self.made: list[str] = []

    def one(self) -> str:
        """A new canary, now and then one that is hard to encode."""
        self._count += 1
        tail = self._random.choice(_TAILS) if self._random.random() < 0.35 else ""
        made = f"{CORE * self._random.choice((1, 2, 4))}{self._count}{tail}"
        self.made.append(made)
        return made

    def plain(self) -> str:
        """A new canary that can stand anywhere."""
        self._count += 1
        made = f"{CORE * 2}{self._count}"
        self.made.append(made)
        return made


def told_apart(text: str) -> str:
    """A part of a canary that is in a text, in whatever form; empty when there is none."""
    for trace, whole in ((CORE, text.lower()), *((trace, text) for trace in _IN_BASE64)):
        at = whole.find(trace)
        if at >= 0:
            return text[max(0, at - 60) : at + 80]
    return ""


# Three rounds of eight letters are four of eight characters in base64.
_IN_BASE64: Final = tuple(
    base64.b64encode(b"\0" * before + (CORE * 6).encode()).decode()[12:24] for before in range(3)
)


@dataclass
class Garden:
    """All that is planted in one situation, and what was looked at without being planted.

    Attributes:
        host: of the image.
        barren: paths that were read and are in no plan.
        read: paths that were read.
        known: canaries in entries that were read whole, which programmes may repeat.
    """

    random: Random
    canaries: Canaries
    host: str
    barren: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)

    def chance(self, probability: float) -> bool:
        """Whether something is so this time."""
        return self.random.random() < probability

    def login(self) -> str:
        """User and canary, as they stand in an address."""
        return f"dev:{quote(self.canaries.one(), safe='')}"

    def auths(self) -> dict[str, object]:
        """Members of `auths`, for the host and for others."""
        keys = [self.host, f"https://{self.host}/v1/", f"{self.host}/team", "other.example.com"]
        keys += [f"https://{self.login()}@{self.host}"] if self.chance(0.1) else []
        return {key: self._entry() for key in self.random.sample(keys, 2)}

    def _entry(self) -> dict[str, object]:
        canary = self.canaries.one()
        pair = f"{self.random.choice(('dev', '<token>', '', 'AWS'))}:{canary}"
        encoded = base64.b64encode(pair.encode()).decode()
        other = self.canaries.one()
        self.known += [canary] if pair[0] != ":" else []
        forms: tuple[dict[str, object], ...] = (
            {"auth": encoded},
            {"auth": encoded, "identitytoken": other},
            {"auth": encoded, "registrytoken": other},
            {"username": "dev", "password": canary},
            {"auth": encoded.rstrip("=")},
            {"auth": pair},
            {"auth": base64.b64encode(encoded.encode()).decode()},
            {"auth": 7, "password": other, "email": "a@example.com"},
        )
        kind = max(0, self.random.randrange(-4, len(forms)))
        if kind > 2:
            # What clients cannot read, the doctor does not know to be a secret.
            self.known = [each for each in self.known if each != canary]
        return forms[kind]


def _auth_file(garden: Garden) -> str:
    found: dict[str, object] = {"auths": garden.auths()}
    if garden.chance(0.2):
        found["credsStore"] = garden.random.choice(("desktop", "pass"))
    if garden.chance(0.2):
        found["credHelpers"] = {garden.host: "helper"}
    if garden.chance(0.1):
        found["HttpHeaders"] = {"Authorization": f"Bearer {garden.canaries.one()}"}
    text = json.dumps(found)
    if garden.chance(0.1):
        garden.known.clear()
        return text[: -garden.random.randrange(1, 30)]
    return text


def _old_auth_file(garden: Garden) -> str:
    return json.dumps(garden.auths())


def _passwd(garden: Garden) -> str:
    return "".join(
        f"{user}:{garden.canaries.plain()}:{number}:{number}:{garden.canaries.plain()}"
        f":{home}:/bin/sh\n"
        for user, number, home in (("root", 0, "/root"), ("dev", 1000, "/home/dev"))
    )


def _daemon(garden: Garden) -> str:
    return json.dumps(
        {
            "insecure-registries": [garden.host],
            "registry-mirrors": [f"http://{garden.login()}@mirror.example.com"],
            "proxies": {"http-proxy": f"http://{garden.login()}@proxy.example.com:3128"}
            if garden.chance(0.5)
            else {},
        }
    )


def _registries(garden: Garden) -> str:
    return (
        f"unqualified-search-registries = ['{garden.host}']\n"
        f"[[registry]]\nprefix = '{garden.host}'\ninsecure = true\n"
        f"location = '{garden.canaries.plain()}@{garden.host}'\n"
        f"[[registry.mirror]]\nlocation = 'u:{garden.canaries.plain()}@mirror.example.com'\n"
        f"[aliases]\napp = '{garden.host}/app'\n# {garden.canaries.plain()}\n"
    )


def _unit(garden: Garden) -> str:
    proxy = f"http://u:{garden.canaries.plain()}@proxy.example.com:3128"
    return (
        f'[Service]\nEnvironment="HTTP_PROXY={proxy}" "TOKEN={garden.canaries.plain()}"\n'
        "EnvironmentFile=-/etc/service.env\n"
        f"ExecStart=/bin/x --image-credential-provider-config=/etc/providers.yaml"
        f" --image-credential-provider-bin-dir=/opt/bin --token={garden.canaries.plain()}\n"
    )


def _variables(garden: Garden) -> str:
    return (
        f"export HTTPS_PROXY='http://u:{garden.canaries.plain()}@proxy.example.com:3128'\n"
        f"OPTIONS='--selinux-enabled --token={garden.canaries.plain()}'\n"
        f"KUBELET_ARGS=--image-credential-provider-config=/etc/providers.yaml\n"
    )


def _hosts(garden: Garden) -> str:
    return (
        f"server = 'https://{garden.host}'\nskip_verify = true\nca = 'own.crt'\n"
        f"[host.'http://u:{garden.canaries.plain()}@mirror.example.com']\n"
        f"[host.'http://u:{garden.canaries.plain()}@mirror.example.com'.header]\n"
        f"Authorization = 'Bearer {garden.canaries.plain()}'\n"
    )


def _containerd(garden: Garden) -> str:
    path = "config_path = '/etc/containerd/certs.d'\n" if garden.chance(0.5) else ""
    plugin = "plugins.'io.containerd.grpc.v1.cri'.registry"
    return (
        f"version = 2\n[{plugin}]\n{path}"
        f"[{plugin}.mirrors.'{garden.host}']\n"
        f"endpoint = ['http://u:{garden.canaries.plain()}@mirror.example.com']\n"
        f"[{plugin}.configs.'{garden.host}'.auth]\npassword = '{garden.canaries.plain()}'\n"
        f"[{plugin}.configs.'{garden.host}'.tls]\ninsecure_skip_verify = true\n"
        f"ca_file = '/etc/containerd/own.crt'\n"
    )


def _providers(garden: Garden) -> str:
    return (
        "kind: CredentialProviderConfig\nproviders:\n- name: plugin\n"
        f'  matchImages: ["{garden.host}"]\n  args: ["{garden.canaries.plain()}"]\n'
        f"  env:\n  - name: SECRET\n    value: {garden.canaries.plain()}\n"
    )


def _az_clouds(garden: Garden) -> str:
    scheme, name = garden.random.choice((("https", "Own"), ("http", "Own"), ("https", "Other")))
    login = f"u:{garden.canaries.plain()}@" if garden.chance(0.2) else ""
    return (
        f"[{name}]\nendpoint_resource_manager = {scheme}://{login}{garden.host}\n"
        f"endpoint_active_directory = {scheme}://{garden.host}/?key={garden.canaries.plain()}\n"
        f"endpoint_gallery = https://u:{garden.canaries.plain()}@gallery.example.com\n"
    )


def _az_settings(garden: Garden) -> str:
    return (
        f"[cloud]\nname = {garden.random.choice(('Own', 'AzureCloud'))}\n"
        f"[core]\nproxy_password = {garden.canaries.plain()}\n"
    )


def _az_accounts(garden: Garden) -> str:
    account = {
        "environmentName": "Own",
        "tenantId": "00000000-1111-4222-8333-444444444444",
        "isDefault": True,
        "user": {"name": "dev", "secret": garden.canaries.one()},
    }
    return "\ufeff" + json.dumps({"subscriptions": [account]})


def _az_answers(garden: Garden) -> str:
    # A pickle of the first protocol with letters alone, so that it is a text.
    key = f"POST https://{garden.host}/t/token hash=0 400"
    return f"V{key}\np0\nV{garden.canaries.plain()}\np1\n(V_index_\nI4000000000\nI1\ng0\nt."


def pull_secret(garden: Garden, name: str) -> dict[str, object]:
    """A Secret of a cluster."""
    text = json.dumps({"auths": garden.auths()})
    data = base64.b64encode(text.encode()).decode()
    if garden.chance(0.2):
        data = data[:-3] + "!" if garden.chance(0.5) else text
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": "default",
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": text},
        },
        "type": garden.random.choice(("kubernetes.io/dockerconfigjson", "Opaque")),
        "data": {".dockerconfigjson": data, "other": garden.canaries.plain()},
    }


def _manifests(garden: Garden) -> str:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "pod", "namespace": "default"},
        "spec": {
            "imagePullSecrets": [{"name": "regcred"}, {"name": "gone"}],
            "containers": [{"env": [{"name": "TOKEN", "value": garden.canaries.plain()}]}],
        },
    }
    objects = [pod, pull_secret(garden, "regcred")]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})


# What is in a file of such a path, the first pattern that fits.
PLANTS: Final[tuple[tuple[re.Pattern[str], Callable[[Garden], str]], ...]] = tuple(
    (re.compile(pattern), make)
    for pattern, make in (
        (r"/etc/passwd", _passwd),
        (r".*/\.azure/clouds\.config", _az_clouds),
        (r".*/\.azure/config", _az_settings),
        (r".*/\.azure/azureProfile\.json", _az_accounts),
        (r".*/\.azure/msal_http_cache\.bin", _az_answers),
        (r".*/daemon\.json", _daemon),
        (r".*/\.dockercfg", _old_auth_file),
        (r".*/(?:config|auth|named)\.json", _auth_file),
        (r"/etc/providers\.yaml", _providers),
        (r".*/hosts\.toml", _hosts),
        (r"/etc/containerd/config\.toml", _containerd),
        (r".*/containers/.*\.conf", _registries),
        (r".*/systemd/system/.*\.(?:service|conf)", _unit),
        (r"/etc/service\.env|/etc/(?:sysconfig|default)/.*|.*/kubeadm-flags\.env", _variables),
        (r"/srv/manifests\.yaml", _manifests),
    )
)

# What is in a folder of such a path.
_FOLDERS: Final = tuple(
    (re.compile(pattern), names)
    for pattern, names in (
        (r"/home", ("dev", "other")),
        (r"/run/(?:user|containers)", ("0", "1000")),
        (r".*/snap/docker", ("current",)),
        (r".*/registries\.conf\.d", ("50-own.conf",)),
        (r".*/\.config/containers", ("registries.conf",)),
        (r".*/systemd/system", ("docker.service", "containerd.service", "kubelet.service")),
        (r".*\.service\.d", ("proxy.conf",)),
        (r"/opt/bin", ("plugin",)),
        (r".*/certs\.d", HOSTS),
        (r".*/certs\.d/[^/]+", ("own.crt", "hosts.toml")),
        (r"/var/lib/kubelet", ("config.json",)),
    )
)


class PlantedFiles:
    """Files of a garden, each of which is there, absent or not for us.

    Args:
        garden: in which they are.
    """

    def __init__(self, garden: Garden) -> None:
        self._garden = garden
        self._known: dict[str, bytes | OSError] = {}

    def read(self, path: str) -> bytes:
        """What is planted there."""
        if path not in self._known:
            self._known[path] = self._grow(path)
        found = self._known[path]
        if isinstance(found, OSError):
            raise found
        return found

    def names_in(self, folder: str) -> tuple[str, ...]:
        """Names of what may be there."""
        names = next((names for pattern, names in _FOLDERS if pattern.fullmatch(folder)), ())
        return names if self._garden.chance(0.7) else ()

    def _grow(self, path: str) -> bytes | OSError:
        self._garden.read.append(path)
        make = next((make for pattern, make in PLANTS if pattern.fullmatch(path)), None)
        if make is None:
            self._garden.barren.append(path)
            return FileNotFoundError(2, "No such file or directory")
        kind = self._garden.random.random()
        if kind < 0.65:
            return FileNotFoundError(2, "No such file or directory")
        if kind < 0.7:
            return PermissionError(13, "Permission denied")
        return make(self._garden).encode("utf-8", "surrogatepass")


class PlantedPrograms:
    """Helpers and kubectl, which print canaries in what they give and what they complain of.

    Args:
        garden: in which they are.
    """

    def __init__(self, garden: Garden) -> None:
        self._garden = garden

    def find(self, name: str) -> str | None:
        """Most of them are installed."""
        return f"/usr/bin/{name}" if self._garden.chance(0.8) else None

    def run(self, words: Sequence[str], given: str = "", seconds: float = 5.0) -> Ran:
        """What one prints."""
        assert seconds
        garden = self._garden
        if words[0].endswith("kubectl"):
            return self._kubectl(words)
        canary = garden.canaries.one()
        said = json.dumps({"ServerURL": given, "Username": "dev", "Secret": canary})
        return garden.random.choice(
            (
                Ran(1, "", self._complaint()),
                Ran(1, self._complaint(), ""),
                Ran(1, said, ""),
                Ran(0, said[:-5], ""),
                Ran(None, "", ""),
                Ran(0, said, self._complaint()),
            )
        )

    def _kubectl(self, words: Sequence[str]) -> Ran:
        garden = self._garden
        if garden.chance(0.2):
            return Ran(1, "", self._complaint())
        if "secrets" in words:
            listed = [pull_secret(garden, "regcred"), pull_secret(garden, "other")]
            return Ran(0, json.dumps({"kind": "List", "items": listed}), "")
        secrets = [{"name": "regcred"}, {"name": "gone"}]
        spec = {"imagePullSecrets": secrets, "serviceAccountName": "default"}
        return Ran(0, json.dumps({"spec": spec, "imagePullSecrets": secrets}), "")

    def _complaint(self) -> str:
        """An error with a canary, as programmes print what they were given."""
        garden = self._garden
        canary = garden.canaries.plain()
        known = garden.random.choice(garden.known or ["nothing"])
        whole = garden.random.choice(
            (
                f"password={canary} is wrong",
                f"error: token: {canary} has expired",
                f'{{"Secret":"{canary}"}}',
                f"GET https://dev:{canary}@{garden.host}/v2/ failed",
                f"Authorization: Basic {base64.b64encode(f'dev:{canary}'.encode()).decode()}",
                f"Bearer {canary} was refused",
                f"the key is locked {'.' * 470} {known}",
            )
        )
        return f"Error: {whole}\n"


class PlantedClock:
    """A clock on which nothing takes time."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def now(self) -> datetime:
        """The time of day."""
        return _EPOCH

    def seconds(self) -> float:
        """A count of seconds that only grows."""
        self._seconds += 0.001
        return self._seconds

    def sleep(self, seconds: float) -> None:
        """Time has passed."""
        self._seconds += seconds


class NoNetwork:
    """A network on which nothing may be asked."""

    def addresses_of(self, host: str) -> tuple[str, ...]:
        """Nobody asks."""
        raise AssertionError(host)

    def connect(self, address: str, port: int, seconds: float) -> socket.socket:
        """Nobody asks."""
        raise AssertionError(address, port, seconds)


def planted_machine(garden: Garden, answer: Callable[[bytes], bytes] | None) -> Machine:
    """The machine of a garden.

    Args:
        garden: what is planted.
        answer: makes the responses of its network; None where nothing may be sent.
    """
    random = garden.random
    environment = {"HOME": "/home/dev", "SUDO_USER": "other"}
    maybe = {
        "DOCKER_AUTH_CONFIG": json.dumps({"auths": garden.auths()}),
        "DOCKER_CONFIG": "/home/dev/own",
        "REGISTRY_AUTH_FILE": "/home/dev/named.json",
        "XDG_RUNTIME_DIR": "/run/user/1000",
        "XDG_CONFIG_HOME": "/home/dev/.config",
        "CONTAINERS_REGISTRIES_CONF": "/etc/containers/named.conf",
        "HTTP_PROXY": f"http://{garden.login()}@proxy.example.com:3128",
        "https_proxy": f"{garden.login()}@proxy.example.com:3128",
        "ALL_PROXY": f"socks5://{garden.login()}@proxy.example.com",
        "DOCKER_HOST": "unix:///run/user/1000/docker.sock",
        "GITHUB_ACTIONS": "true",
        "GITHUB_TOKEN": garden.canaries.one(),
        "CI_REGISTRY_PASSWORD": garden.canaries.one(),
        "GITLAB_CI": "true",
    }
    environment |= {name: value for name, value in maybe.items() if random.random() < 0.3}
    network = NoNetwork() if answer is None else Answering(answer, frozenset({3128}))
    return Machine(
        PlantedFiles(garden),
        PlantedPrograms(garden),
        network,
        PlantedClock(),
        environment,
        user="dev",
        home="/home/dev",
        is_root=random.random() < 0.3,
        system="linux",
        architecture="amd64",
    )
