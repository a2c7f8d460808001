"""What the client's own files say about a host."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.diagnosis.machines import memory_machine

from pratique.diagnosis.facts.credentials import Client
from pratique.diagnosis.facts.settings import ClientSettings, Mirror
from pratique.diagnosis.references import read_reference
from pratique.diagnosis.settings_of_clients import read_settings
from pratique.diagnosis.settings_of_clients.podman import matches_prefix

DAEMON = "/etc/docker/daemon.json"
CONFIG = "/etc/containerd/config.toml"
CERTS = "/etc/containerd/certs.d"
CONF = "/etc/containers/registries.conf"
V2 = '[plugins."io.containerd.grpc.v1.cri".registry]\n'
V3 = "[plugins.'io.containerd.cri.v1.images'.registry]\n"
PATH = f'config_path = "{CERTS}"\n'


def _read(
    files: Mapping[str, object],
    client: Client = Client.DOCKER,
    image: str = "r.example:5000/team/app:1",
    **environment: str,
) -> ClientSettings:
    machine = memory_machine(files, environment=environment)
    return read_settings(machine, read_reference(image), client)


@pytest.mark.parametrize(
    ("listed", "image", "source"),
    [
        (["r.example:5000"], "r.example:5000/a", DAEMON),
        (["r.example"], "r.example:5000/a", None),
        (["http://r.example:5000"], "r.example:5000/a", None),
        (["10.0.0.0/8"], "10.1.2.3:5000/a", DAEMON),
        (["10.0.0.0/8"], "11.1.2.3:5000/a", None),
        ([], "127.0.0.9:5000/a", ""),
        ([], "localhost:5000/a", ""),
        ([], "[::1]:5000/a", ""),
        ("r.example:5000", "r.example:5000/a", None),
    ],
)
def test_insecure_registries_of_docker(listed: object, image: str, source: str | None) -> None:
    """A host is insecure by its very name, by a network, or because it is loopback."""
    found = _read({DAEMON: {"insecure-registries": listed}}, image=image)
    assert (found.insecure, found.insecure_source) == (source is not None, source or "")


def test_mirrors_of_docker_are_for_docker_hub_alone() -> None:
    """`registry-mirrors` do not touch another host."""
    files = {DAEMON: {"registry-mirrors": ["https://m.example/"]}}
    assert _read(files, image="app").mirrors == (Mirror("https://m.example", DAEMON),)
    assert _read(files).mirrors == ()


def test_certificates_of_docker() -> None:
    """Authorities are the `*.crt` of the folder with the port in its name."""
    found = _read(
        {
            "/etc/docker/certs.d/r.example:5000/ca.crt": "x",
            "/etc/docker/certs.d/r.example:5000/client.cert": "x",
            "/etc/docker/certs.d/r.example/ca.crt": "x",
        }
    )
    assert found.ca_files == ("/etc/docker/certs.d/r.example:5000/ca.crt",)


def test_a_rootless_daemon_has_its_own_file() -> None:
    """With a user's own daemon the file in the home counts."""
    own = "/home/ann/.config/docker/daemon.json"
    files = {own: {"insecure-registries": ["r.example:5000"]}, DAEMON: {}}
    assert not _read(files).insecure
    rootless = _read(files, DOCKER_HOST="unix:///run/user/1000/docker.sock")
    assert rootless.insecure_source == own
    by_context = _read({**files, "/home/ann/.docker/config.json": {"currentContext": "rootless"}})
    assert by_context.insecure_source == own


UNIT = "/lib/systemd/system/docker.service"
DROP_IN = "/etc/systemd/system/docker.service.d/proxy.conf"


def test_proxies_of_the_daemon_and_of_the_shell() -> None:
    """Drop-ins add to the unit, files of variables win, and the shell is told apart."""
    found = _read(
        {
            UNIT: '[Service]\nEnvironment=HTTP_PROXY=http://old:1 NO_PROXY="a,b"\n[Install]\n'
            "Environment=NO_PROXY=wrong\n",
            DROP_IN: '[Service]\nEnvironment="HTTPS_PROXY=http://u:p%%40@new:1" \\\n  "A=1"\n'
            "EnvironmentFile=-/etc/default/docker\n",
            "/etc/default/docker": "# HTTP_PROXY=no\nexport HTTP_PROXY='http://file:1'\n",
        },
        https_proxy="http://lower:1",
        HTTPS_PROXY="http://upper:1",
        no_proxy="c",
    )
    assert dict(found.proxies.daemon or {}) == {
        "https": "http://u:p%40@new:1",
        "http": "http://file:1",
        "no": "a,b",
    }
    assert found.proxies.daemon_source == "/etc/default/docker"
    assert dict(found.proxies.shell) == {"https": "http://upper:1", "no": "c"}
    assert "p%40" not in repr(found)


def test_an_empty_environment_takes_back_what_was_set() -> None:
    """`Environment=` alone empties the list; a unit in /etc hides that of the distribution."""
    found = _read(
        {
            UNIT: "[Service]\nEnvironment=HTTPS_PROXY=http://hidden:1\n",
            "/etc/systemd/system/docker.service": "[Service]\nEnvironment=HTTP_PROXY=http://a:1\n",
            DROP_IN: "[Service]\nEnvironment=\n",
        }
    )
    assert found.proxies.daemon is not None
    assert not dict(found.proxies.daemon)


def test_proxies_of_daemon_json_win() -> None:
    """What daemon.json says comes before the unit's environment."""
    found = _read(
        {
            UNIT: "[Service]\nEnvironment=https_proxy=http://unit:1 NO_PROXY=a\n",
            DAEMON: {"proxies": {"https-proxy": "http://file:1"}},
        }
    )
    assert dict(found.proxies.daemon or {}) == {"https": "http://file:1", "no": "a"}
    assert found.proxies.daemon_source == DAEMON


def test_no_sign_of_a_daemon() -> None:
    """Where nothing can be read, nothing is claimed."""
    assert _read({}).proxies.daemon is None
    assert _read({}, Client.PODMAN).proxies.daemon is None


RED_HAT = 'if [ -z "${DOCKER_CERT_PATH}" ]; then\n    DOCKER_CERT_PATH=/etc/docker\nfi\n'


@pytest.mark.parametrize(
    ("options", "verifies"),
    [
        (f"OPTIONS='--selinux-enabled'\n{RED_HAT}", True),
        (f"OPTIONS='--selinux-enabled --signature-verification=false'\n{RED_HAT}", False),
        (f"# OPTIONS='--selinux-enabled'\n{RED_HAT}", False),
        ("OPTIONS='--default-ulimit nofile=1024'", False),
    ],
)
def test_red_hats_docker(options: str, verifies: bool) -> None:  # noqa: FBT001
    """Red Hat's old docker verifies signatures unless it is told not to."""
    assert _read({"/etc/sysconfig/docker": options}).redhat_verification is verifies


@pytest.mark.parametrize(
    ("text", "config_path", "faults"),
    [
        ("version = 2\n" + V2 + PATH, CERTS, 0),
        ("version = 3\n" + V3 + PATH, CERTS, 0),
        ("[plugins.cri.registry]\n" + PATH, CERTS, 0),
        ("version = 3\n" + V2 + PATH, None, 2),
        (V2 + PATH, None, 2),
        ("version = 2\n" + V2 + PATH + V2[:-2] + '.mirrors."a"]\nendpoint=["https://a"]', CERTS, 1),
        ("version = 2\n" + V2 + PATH + V2[:-2] + '.configs."a".tls]\nca_file="/a"', CERTS, 1),
        ("version = 9", None, 2),
        ("version = [", None, 2),
        ('version = "2"', None, 2),
        ("version = 2", None, 1),
    ],
)
def test_config_path(text: str, config_path: str | None, faults: int) -> None:
    """`config_path` counts under the plugin that the file's version has, and excludes mirrors."""
    found = _read(
        {
            CONFIG: text,
            f"{CERTS}/other.example/hosts.toml": "",
            "/var/lib/kubelet/pki/x": "",
        },
        Client.CONTAINERD,
    )
    assert found.config_path == config_path
    assert len(found.containerd_faults) == faults


@pytest.mark.parametrize("folder", ["r.example_5000_", "r.example:5000", "_default"])
def test_the_folder_of_a_host(folder: str) -> None:
    """The form with underscores, the plain form and the default are found."""
    path = f"{CERTS}/{folder}/hosts.toml"
    found = _read(
        {CONFIG: "version = 2\n" + V2 + PATH, path: 'server = "https://r.example:5000"'},
        Client.CONTAINERD,
    )
    assert found.hosts_file == path
    assert not found.mirrors


def test_the_folder_without_a_port_is_another_hosts() -> None:
    """A folder for the name without its port is not read."""
    found = _read(
        {CONFIG: "version = 2\n" + V2 + PATH, f"{CERTS}/r.example/hosts.toml": "a = 1"},
        Client.CONTAINERD,
    )
    assert not found.hosts_file


def test_hosts_toml() -> None:
    """Mirrors in their order, authorities, headers, and what has no effect."""
    folder = f"{CERTS}/r.example:5000"
    found = _read(
        {
            CONFIG: "version = 2\n" + V2 + PATH,
            f"{folder}/hosts.toml": """
server = "https://r.example:5000"
ca = "ca.crt"
[host."https://m.example"]
  [host."https://m.example".header]
    Authorization = "Basic hidden"
[host."http://push.example"]
  capabilities = ["push"]
[host."https://n.example/v2/p"]
  capabilities = ["pull", "resolve"]
""",
            f"{folder}/ca.crt": "x",
            f"{folder}/forgotten.crt": "x",
        },
        Client.CONTAINERD,
    )
    path = f"{folder}/hosts.toml"
    assert found.mirrors == (
        Mirror("https://m.example", path, has_header=True),
        Mirror("https://n.example/v2/p", path),
    )
    assert found.ca_files == (f"{folder}/ca.crt",)
    assert len(found.containerd_faults) == 1
    assert "forgotten.crt" in found.containerd_faults[0]
    assert not found.insecure
    assert "hidden" not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        "skip_verify = true",
        'server = "http://r.example:5000"',
        '[host."https://r.example:5000"]\nskip_verify = true',
        '[host."http://r.example:5000"]',
    ],
)
def test_insecure_by_hosts_toml(text: str) -> None:
    """`skip_verify` and plain HTTP for the host itself make it insecure."""
    path = f"{CERTS}/r.example:5000/hosts.toml"
    found = _read({CONFIG: "version = 2\n" + V2 + PATH, path: text}, Client.CONTAINERD)
    assert (found.insecure, found.insecure_source) == (True, path)


def test_insecurity_of_a_mirror_is_not_the_hosts() -> None:
    """`skip_verify` of a mirror says nothing about the host."""
    path = f"{CERTS}/r.example:5000/hosts.toml"
    text = '[host."https://m.example"]\nskip_verify = true'
    found = _read({CONFIG: "version = 2\n" + V2 + PATH, path: text}, Client.CONTAINERD)
    assert not found.insecure


def test_containerds_old_form() -> None:
    """Without `config_path`, `mirrors` and `configs` of the plugin count."""
    section = V2.strip()[:-1]
    found = _read(
        {
            CONFIG: f"""version = 2
{section}.mirrors."r.example:5000"]
  endpoint = ["https://m.example", "https://r.example:5000"]
{section}.configs."r.example:5000".tls]
  insecure_skip_verify = true
  ca_file = "/etc/ca.pem"
"""
        },
        Client.CONTAINERD,
    )
    assert found.mirrors == (Mirror("https://m.example", CONFIG),)
    assert (found.insecure, found.ca_files) == (True, ("/etc/ca.pem",))


def test_registries_conf() -> None:
    """The longest prefix counts, a drop-in wins over the main file."""
    found = _read(
        {
            CONF: 'unqualified-search-registries = ["a.example", "b.example"]\n'
            '[[registry]]\nprefix = "r.example:5000"\nlocation = "r.example:5000"\nblocked = true\n'
            '[[registry]]\nprefix = "r.example:5000/team"\nlocation = "r.example:5000/team"\n',
            "/etc/containers/registries.conf.d/50.conf": """
[[registry]]
location = "r.example:5000/team"
insecure = true
[[registry.mirror]]
location = "m.example/team"
[[registry.mirror]]
location = "digests.example"
pull-from-mirror = "digest-only"
""",
        },
        Client.PODMAN,
    )
    drop_in = "/etc/containers/registries.conf.d/50.conf"
    assert (found.insecure, found.insecure_source, found.blocked_by) == (True, drop_in, "")
    assert found.mirrors == (Mirror("https://m.example/team", drop_in),)
    assert found.search == ("a.example", "b.example")
    assert found.files == (CONF, drop_in)


def test_a_blocked_registry_and_one_that_is_moved() -> None:
    """A blocked host names its file; another location is asked in place of the host."""
    blocked = {CONF: '[[registry]]\nprefix = "*.example:5000"\nblocked = true\n'}
    assert _read(blocked, Client.PODMAN).blocked_by == CONF
    moved = {CONF: '[[registry]]\nprefix = "r.example:5000"\nlocation = "new.example/x"\n'}
    assert _read(moved, Client.PODMAN).mirrors == (Mirror("https://new.example/x", CONF),)


def test_an_alias_settles_a_short_name() -> None:
    """A short name with an alias goes to one registry alone."""
    files = {
        CONF: 'unqualified-search-registries = ["a.example", "b.example"]\n',
        "/etc/containers/registries.conf.d/a.conf": '[aliases]\n"app" = "c.example/ann/app"\n',
    }
    assert _read(files, Client.PODMAN, "app:1").search == ("c.example",)
    assert _read(files, Client.PODMAN, "other").search == ("a.example", "b.example")


def test_a_users_registries_conf_replaces_the_systems() -> None:
    """With a file of their own the system's file and drop-ins are not read."""
    own = "/home/ann/.config/containers/registries.conf"
    files = {CONF: 'unqualified-search-registries = ["a.example"]\n', own: ""}
    assert _read(files, Client.PODMAN).search == ()


def test_certificates_of_podman() -> None:
    """The first folder that is there is the only one."""
    found = _read(
        {
            "/etc/containers/certs.d/r.example:5000/a.crt": "x",
            "/etc/docker/certs.d/r.example:5000/b.crt": "x",
        },
        Client.PODMAN,
    )
    assert found.ca_files == ("/etc/containers/certs.d/r.example:5000/a.crt",)


@pytest.mark.parametrize(
    ("name", "prefix", "matches"),
    [
        ("r.example/a", "r.example", True),
        ("r.example/a", "r.example/a", True),
        ("r.example/ab", "r.example/a", False),
        ("r.example/a/b", "r.example/a", True),
        ("x.r.example/a", "*.r.example", True),
        ("r.example/a", "*.r.example", False),
        ("x.r.example:5000/a", "*.r.example", True),
        ("x.r.example/team/a", "*.r.example/team", True),
        ("x.r.example/other/a", "*.r.example/team", False),
    ],
)
def test_prefixes(name: str, prefix: str, matches: bool) -> None:  # noqa: FBT001
    """A prefix ends at a part of the name; a star stands for any beginning of the host."""
    assert matches_prefix(name, prefix) is matches


PROVIDERS = """
kind: CredentialProviderConfig
providers:
  - {name: acr, matchImages: ["*.azurecr.io", "r.example:5000/team"]}
  - {name: ecr, matchImages: ["*.dkr.ecr.*.amazonaws.com"]}
"""
FLAGS = (
    "--image-credential-provider-config=/etc/k/c.yaml --image-credential-provider-bin-dir=/opt/b"
)


@pytest.mark.parametrize(
    "files",
    [
        {"/var/lib/kubelet/kubeadm-flags.env": f'KUBELET_KUBEADM_ARGS="{FLAGS}"'},
        {"/etc/default/kubelet": f"KUBELET_EXTRA_ARGS={FLAGS}"},
        {"/etc/sysconfig/kubelet": f"KUBELET_EXTRA_ARGS={FLAGS.replace('=', ' ')}"},
        {"/lib/systemd/system/kubelet.service": f"[Service]\nExecStart=/usr/bin/kubelet {FLAGS}"},
        {
            "/lib/systemd/system/kubelet.service": "[Service]\nExecStart=/usr/bin/kubelet $A",
            "/etc/systemd/system/kubelet.service.d/9.conf": f'[Service]\nEnvironment="A={FLAGS}"',
        },
    ],
)
def test_plugins_of_the_kubelet(files: Mapping[str, object]) -> None:
    """Wherever the flags are, each plugin is told with its presence and whether it covers."""
    found = _read(
        {**files, "/etc/k/c.yaml": PROVIDERS, "/opt/b/acr": "x"}, Client.CONTAINERD
    ).kubelet_plugins
    assert found is not None
    assert [(one.name, one.installed, one.covers) for one in found] == [
        ("acr", True, True),
        ("ecr", False, False),
    ]


def test_no_kubelet_and_a_kubelet_without_plugins() -> None:
    """No sign of a kubelet is None; a kubelet without flags has no plugins."""
    assert _read({}, Client.CONTAINERD).kubelet_plugins is None
    assert _read({"/var/lib/kubelet/x": ""}, Client.CONTAINERD).kubelet_plugins == ()
