"""Rules about clusters and settings, where the bed cannot go."""

from __future__ import annotations

import pytest
from tests.diagnosis.rules.examinations import (
    HOST,
    PASSWORD,
    credentials,
    examination,
    exchange,
    found,
    login,
    source,
    told,
)

from pratique.diagnosis.facts.conversation import Failed
from pratique.diagnosis.facts.credentials import Client, Kubernetes, Origin, PullSecret
from pratique.diagnosis.facts.examination import Outcome
from pratique.diagnosis.facts.settings import (
    ClientSettings,
    KubeletPlugin,
    Mirror,
    ProxySettings,
)

_SECRET = PullSecret("apps", "one", entries=(login(),))
_UNUSED = source(login(), name="Secret apps/one", origin=Origin.PULL_SECRET, owner="", read=False)
_OWN_FILE = source(login(), read=False)
_SHELL = {"https": f"http://user:{PASSWORD}@proxy.example.com:3128"}


@pytest.mark.parametrize(
    ("cluster", "cause"),
    [
        (Kubernetes("apps", "web", "default", found=(_SECRET,)), "k8s-pull-secret-not-referenced"),
        (Kubernetes("apps", "", "default", found=(_SECRET,)), "k8s-pull-secret-not-referenced"),
        (
            Kubernetes("apps", "web", "default", (), ("one",), found=(_SECRET,)),
            "k8s-secret-after-pod",
        ),
    ],
)
@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.UNTESTED])
def test_a_secret_that_is_not_in_force_is_proven_by_a_refusal(
    cluster: Kubernetes, cause: str, outcome: Outcome
) -> None:
    """Offline it is only suspected, for the image may be public."""
    read = credentials(elsewhere=[(_UNUSED, _UNUSED.entries[0])])
    seen = examination(
        client=Client.CONTAINERD, outcome=outcome, credentials=read, kubernetes=cluster
    )
    assert told(seen) == {cause: outcome is Outcome.REFUSED}


def test_a_cluster_that_could_not_be_asked_proves_nothing() -> None:
    """What was not read may still be there."""
    cluster = Kubernetes("apps", fault="kubectl is not installed")
    seen = examination(f"{HOST}/app", Client.CONTAINERD, kubernetes=cluster)
    azure = examination("one.azurecr.io/app", Client.CONTAINERD, kubernetes=cluster)
    assert told(seen) == told(azure) == {}


def test_docker_on_the_same_machine_is_suspected_for_a_cluster() -> None:
    """A cluster is asked from anywhere; on a node itself it is certain."""
    read = credentials(elsewhere=[(_OWN_FILE, _OWN_FILE.entries[0])])
    there = examination(client=Client.CONTAINERD, credentials=read, kubernetes=Kubernetes("apps"))
    node = examination(client=Client.CONTAINERD, credentials=read)
    assert told(there) == {"containerd-not-docker-config": False}
    assert told(node) == {"containerd-not-docker-config": True}


def test_a_secret_with_other_logins_is_not_deleted() -> None:
    """Made again, it would lose them."""
    place = source(
        login(f"{HOST}:5000"), login("ghcr.io"), name="Secret apps/one", origin=Origin.PULL_SECRET
    )
    read = credentials(place, near=[(place, place.entries[0])])
    finding = found(examination(client=Client.CONTAINERD, credentials=read))[
        "k8s-secret-wrong-server-key"
    ]
    assert finding.certain
    assert not any("delete" in command for command in finding.commands)


@pytest.mark.parametrize(
    ("host", "plugins", "named"),
    [
        ("one.azurecr.io", (), True),
        ("one.azurecr.io", None, False),
        (HOST, (), False),
        (
            "one.azurecr.io",
            (KubeletPlugin("acr", ("*.azurecr.io",), installed=True, covers=True),),
            False,
        ),
    ],
)
def test_a_plugin_is_missed_where_there_should_be_one(
    host: str, plugins: tuple[KubeletPlugin, ...] | None, *, named: bool
) -> None:
    """At a registry of a cloud, on a node, and none covers it."""
    settings = ClientSettings(kubelet_plugins=plugins)
    seen = examination(f"{host}/app", Client.CONTAINERD, settings=settings)
    assert ("kubelet-credential-provider-missing" in told(seen)) is named


def test_a_proxy_of_the_shell_is_named_without_its_login() -> None:
    """Neither words nor commands nor evidence have user or password."""
    settings = ClientSettings(proxies=ProxySettings(_SHELL, {}, "/etc/docker/daemon.json"))
    seen = examination(outcome=Outcome.UNREACHABLE, settings=settings, status=0)
    seen.ping = exchange(0, failed=Failed.TIMEOUT)
    finding = found(seen)["proxy-for-daemon"]
    everything = " ".join((finding.words, *finding.commands, *finding.evidence))
    assert PASSWORD not in everything
    assert "http://proxy.example.com:3128" in everything


@pytest.mark.parametrize(
    ("exceptions", "why", "certain"),
    [
        ("", Failed.TIMEOUT, True),
        ("", Failed.NO_SUCH_NAME, False),
        ("", Failed.UNKNOWN_AUTHORITY, None),
        ("*", Failed.TIMEOUT, None),
        (".example.com", Failed.TIMEOUT, None),
        ("other.com, example.com:443", Failed.TIMEOUT, None),
        ("ample.com", Failed.TIMEOUT, True),
    ],
)
def test_a_proxy_that_the_host_goes_without_is_not_missed(
    exceptions: str, why: Failed, *, certain: bool | None
) -> None:
    """NO_PROXY of the shell takes the host out, and some failures are no proxy's."""
    shell = {**_SHELL, "no": exceptions}
    settings = ClientSettings(proxies=ProxySettings(shell, {}, "a unit"))
    seen = examination(outcome=Outcome.UNREACHABLE, settings=settings, status=0)
    seen.ping = exchange(0, failed=why)
    assert told(seen).get("proxy-for-daemon") is certain


def test_a_mirror_that_was_given_a_header_is_not_blamed_for_its_401() -> None:
    """The doctor has no such header to send."""
    url = "https://mirror.example.com"
    for has_header, expected in ((True, {}), (False, {"mirror-gets-wrong-credential": False})):
        settings = ClientSettings(mirrors=(Mirror(url, "hosts.toml", has_header),))
        seen = examination(client=Client.CONTAINERD, settings=settings)
        seen.mirrors = ((url, exchange(401)),)
        assert told(seen) == expected


def test_a_mirror_does_not_matter_where_the_image_is_given() -> None:
    """Whatever it answers, the pull went on without it."""
    url = "https://mirror.example.com"
    settings = ClientSettings(mirrors=(Mirror(url, "hosts.toml"),))
    for outcome, named in ((Outcome.GRANTED, False), (Outcome.UNREACHABLE, True)):
        seen = examination(outcome=outcome, settings=settings, status=0)
        seen.mirrors = ((url, exchange(403)),)
        assert ("mirror-gets-wrong-credential" in told(seen)) is named


@pytest.mark.parametrize(
    ("status", "body", "certain"),
    [(200, b"<html>Sign in</html>", True), (200, b"{}", None), (403, b"", True), (404, b"", None)],
)
def test_a_mirror_is_blamed_for_what_is_no_registrys_answer(
    status: int, body: bytes, *, certain: bool | None
) -> None:
    """A page for people or a refusal to all; a mirror that answers 200 lets everybody in."""
    url = "https://mirror.example.com"
    settings = ClientSettings(mirrors=(Mirror(url, "hosts.toml"),))
    seen = examination(client=Client.CONTAINERD, settings=settings)
    seen.mirrors = ((url, exchange(status, body=body)),)
    assert told(seen).get("mirror-gets-wrong-credential") is certain


@pytest.mark.parametrize(
    ("client", "outcome", "why", "certain"),
    [
        (Client.CONTAINERD, Outcome.UNREACHABLE, Failed.UNKNOWN_AUTHORITY, True),
        (Client.CONTAINERD, Outcome.UNREACHABLE, Failed.TIMEOUT, False),
        (Client.CONTAINERD, Outcome.REFUSED, None, False),
        (Client.CONTAINERD, Outcome.UNTESTED, None, False),
        (Client.CONTAINERD, Outcome.GRANTED, None, None),
        (Client.CONTAINERD, Outcome.NO_PLATFORM, None, None),
        (Client.DOCKER, Outcome.UNREACHABLE, Failed.UNKNOWN_AUTHORITY, None),
    ],
)
def test_hosts_files_that_are_not_read_matter_for_what_they_are_about(
    client: Client, outcome: Outcome, why: Failed | None, *, certain: bool | None
) -> None:
    """Above all for certificates; where the image is given they were not needed."""
    settings = ClientSettings(containerd_faults=("`config_path` is not set",))
    seen = examination(client=client, outcome=outcome, settings=settings, status=0)
    if why is not None:
        seen.ping = exchange(0, failed=why)
    assert told(seen).get("containerd-config-path-ignored") is certain


@pytest.mark.parametrize(
    ("client", "outcome", "certain"),
    [
        (Client.DOCKER, Outcome.GRANTED, False),
        (Client.DOCKER, Outcome.REFUSED, None),
        (Client.PODMAN, Outcome.GRANTED, None),
    ],
)
def test_signatures_are_red_hats_dockers_business_alone(
    client: Client, outcome: Outcome, *, certain: bool | None
) -> None:
    """What the registry itself refuses has nothing to do with signatures."""
    settings = ClientSettings(redhat_verification=True)
    seen = examination(client=client, outcome=outcome, settings=settings)
    assert told(seen).get("redhat-docker-signature-verification") is certain


def test_a_proxy_of_both_is_not_missed_in_the_daemon() -> None:
    """Where the daemon has one as well, it is another matter why nothing answers."""
    settings = ClientSettings(proxies=ProxySettings(_SHELL, _SHELL, "a unit"))
    seen = examination(outcome=Outcome.UNREACHABLE, settings=settings, status=0)
    seen.ping = exchange(0, failed=Failed.TIMEOUT)
    assert told(seen) == {}


def test_a_short_name_that_is_found_is_nobodys_trouble() -> None:
    """With several registries to search, one of them has it."""
    settings = ClientSettings(search=(HOST, "docker.io"))
    seen = examination("app", Client.PODMAN, outcome=Outcome.GRANTED, settings=settings, status=0)
    assert told(seen) == {}


def test_a_blocked_registry_is_told_whatever_it_answers() -> None:
    """Podman does not ask it, even where it would give the image."""
    settings = ClientSettings(blocked_by="/etc/containers/registries.conf")
    for outcome in (Outcome.GRANTED, Outcome.UNTESTED):
        seen = examination(client=Client.PODMAN, outcome=outcome, settings=settings, status=0)
        assert told(seen) == {"blocked-registry-in-registries-conf": True}
    docker = examination(outcome=Outcome.GRANTED, settings=settings, status=0)
    assert told(docker) == {}


@pytest.mark.parametrize(
    ("image", "search", "certain"),
    [
        ("app", ("docker.io",), None),
        ("app", (), False),
        ("app", (HOST,), True),
        (f"{HOST}/app", ("quay.io", "docker.io"), None),
    ],
)
def test_a_short_name_matters_where_podman_looks_elsewhere(
    image: str, search: tuple[str, ...], *, certain: bool | None
) -> None:
    """With Docker Hub alone to search, the name is as good as a whole one."""
    seen = examination(image, Client.PODMAN, settings=ClientSettings(search=search))
    assert told(seen).get("short-name-resolution") is certain
