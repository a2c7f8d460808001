"""Where rules about files must say nothing, although the files are as they would have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from tests.diagnosis.rules.examinations import (
    FILE,
    HOST,
    chosen,
    credentials,
    examination,
    login,
    pair,
    source,
    told,
)

from pratique.diagnosis.facts.credentials import (
    Client,
    Entry,
    HelperOutcome,
    HelperRun,
    Holding,
    Kubernetes,
    Origin,
    PullSecret,
)
from pratique.diagnosis.facts.examination import Examination, Outcome
from pratique.diagnosis.facts.settings import ClientSettings, KubeletPlugin

_AZURE = "one.azurecr.io"
_AMAZON = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
_GOOGLE = "europe-docker.pkg.dev"
_HUB_KEY = "https://index.docker.io/v1/"
_NO_PLUGINS = ClientSettings(kubelet_plugins=())
_SECRET = PullSecret("apps", "one", entries=(login(),))
_UNUSED = source(login(), name="Secret apps/one", origin=Origin.PULL_SECRET, owner="", read=False)
_USED = replace(_UNUSED, read=True, entries=(login("ghcr.io"),))


def _situations(outcome: Outcome) -> Mapping[str, Examination]:
    """What would be named after a refusal, by the cause that it would be."""
    unused = credentials(_UNUSED, elsewhere=[(_UNUSED, _UNUSED.entries[0])])
    google = credentials(source(login("us-docker.pkg.dev")), key=_GOOGLE)
    amazon = credentials(source(login(_AMAZON.replace("eu", "us"))), key=_AMAZON)
    retired = HelperRun("acr-linux", FILE, _AZURE, HelperOutcome.FAILED)
    token = source(Entry(HOST, Holding.IDENTITY_TOKEN, fault="it is not read"))
    kube = Client.CONTAINERD

    def at(image: str, client: Client = Client.DOCKER, **more: object) -> Examination:
        seen = examination(image, client, outcome=outcome, status=0)
        if outcome is Outcome.REFUSED:
            seen.manifests = examination().manifests
        for name, value in more.items():
            setattr(seen, name, value)
        return seen

    image = f"{HOST}/app"
    older = Kubernetes("apps", "web", "x", (), ("one",), found=(_SECRET,))
    return {
        "k8s-pull-secret-not-referenced": at(
            image, kube, credentials=unused, kubernetes=Kubernetes("apps", found=(_SECRET,))
        ),
        "k8s-secret-after-pod": at(image, kube, credentials=unused, kubernetes=older),
        "k8s-secret-wrong-namespace": at(
            image, kube, kubernetes=Kubernetes("apps", missing=("one",))
        ),
        "k8s-secret-wrong-server-key": at(image, kube, credentials=credentials(_USED)),
        "aks-kubelet-identity-lacks-acrpull": at(
            f"{_AZURE}/app", kube, kubernetes=Kubernetes("apps")
        ),
        "kubelet-credential-provider-missing": at(f"{_AZURE}/app", kube, settings=_NO_PLUGINS),
        "gar-helper-host-not-configured": at(f"{_GOOGLE}/app", credentials=google),
        "ecr-wrong-region-or-account": at(f"{_AMAZON}/app", credentials=amazon),
        "retired-acr-helper": at(
            f"{_AZURE}/app", credentials=credentials(helpers=[retired], key=_AZURE)
        ),
        "identity-token-without-refresh": at(image, credentials=credentials(token)),
        "docker-hub-default-host": at(
            "app", credentials=credentials(source(login("ghcr.io")), key=_HUB_KEY)
        ),
    }


@pytest.mark.parametrize("cause", list(_situations(Outcome.REFUSED)))
def test_the_same_files_explain_a_refusal_and_nothing_else(cause: str) -> None:
    """Each is named where the registry refuses, and at no other end."""
    assert list(told(_situations(Outcome.REFUSED)[cause])) == [cause]
    ends = (Outcome.GRANTED, Outcome.UNREACHABLE, Outcome.BROKEN, Outcome.NO_PLATFORM)
    assert [told(_situations(end)[cause]) for end in ends] == [{}] * len(ends)


def test_a_whole_name_of_docker_hub_is_meant() -> None:
    """`docker.io/library/app` names its registry, and an image elsewhere names another."""
    read = credentials(source(login("ghcr.io")), key=_HUB_KEY)
    assert told(examination("docker.io/library/app", credentials=read)) == {}


def test_podman_has_its_own_way_with_short_names() -> None:
    """Docker Hub is its default only where it is the one registry to search."""
    read = credentials(source(login("ghcr.io")), key="docker.io")
    for search, named in ((("docker.io",), True), (("quay.io", "docker.io"), False)):
        settings = ClientSettings(search=search)
        seen = examination("app", Client.PODMAN, credentials=read, settings=settings)
        assert ("docker-hub-default-host" in told(seen)) is named


def test_googles_helper_that_has_nothing_is_set_up_all_the_same() -> None:
    """The host has its line; that the helper gives nothing is another matter."""
    own = Entry(_GOOGLE, Holding.HELPER, helper="gcloud")
    run = HelperRun("gcloud", FILE, _GOOGLE, HelperOutcome.EMPTY)
    read = credentials(source(own, login("us-docker.pkg.dev")), helpers=[run], key=_GOOGLE)
    assert told(examination(f"{_GOOGLE}/app", credentials=read)) == {}


def test_another_helper_that_runs_as_root_has_no_account_of_gcloud() -> None:
    """Only Google's helpers read it."""
    run = HelperRun("pass", FILE, HOST, HelperOutcome.FOUND, pair())
    entry = Entry(HOST, Holding.HELPER, helper="pass")
    place = source(entry)
    read = credentials(place, choice=chosen(entry, place, run), helpers=[run])
    assert told(examination(credentials=read, user="root", sudo_user="bob")) == {}


def test_a_retired_helper_that_gave_way_to_another_login_is_not_blamed() -> None:
    """What is sent does not come from it."""
    run = HelperRun("acr-linux", FILE, _AZURE, HelperOutcome.EMPTY)
    place = source(login(_AZURE))
    read = credentials(place, choice=chosen(place.entries[0], place), helpers=[run], key=_AZURE)
    assert told(examination(f"{_AZURE}/app", credentials=read)) == {}


@pytest.mark.parametrize(
    ("client", "settings", "entries"),
    [
        (Client.DOCKER, _NO_PLUGINS, ()),
        (Client.CONTAINERD, _NO_PLUGINS, (Entry(_AZURE, Holding.PAIR, fault="it is broken"),)),
        (Client.CONTAINERD, ClientSettings(), ()),
    ],
)
def test_a_plugin_is_not_missed_where_none_would_be_asked(
    client: Client, settings: ClientSettings, entries: tuple[Entry, ...]
) -> None:
    """Docker has none, and an entry for the host shows that a plugin was not to give the login."""
    place = source(*entries, name="/config.json", origin=Origin.KUBELET_FILE)
    read = credentials(place, key=_AZURE)
    seen = examination(f"{_AZURE}/app", client, credentials=read, settings=settings)
    assert "kubelet-credential-provider-missing" not in told(seen)


def test_a_plugin_that_covers_the_host_and_is_there_is_not_missed() -> None:
    """Another one beside it may cover nothing."""
    plugins = (
        KubeletPlugin("other", ("*.example.com",), installed=True, covers=False),
        KubeletPlugin("acr", ("*.azurecr.io",), installed=True, covers=True),
    )
    settings = ClientSettings(kubelet_plugins=plugins)
    assert told(examination(f"{_AZURE}/app", Client.CONTAINERD, settings=settings)) == {}


def test_the_nodes_identity_is_not_suspected_where_a_secret_is_meant() -> None:
    """A secret that is named, or one that could be, is the nearer cause; offline nothing is."""
    entry = login(_AZURE)
    fitting = replace(_UNUSED, entries=(entry,))
    secret = PullSecret("apps", "one", entries=(entry,))
    named = Kubernetes("apps", "web", "default", ("one",))
    image, client = f"{_AZURE}/app", Client.CONTAINERD
    unused = credentials(fitting, elsewhere=[(fitting, entry)], key=_AZURE)
    for seen in (
        examination(image, client, kubernetes=named),
        examination(
            image, client, credentials=unused, kubernetes=Kubernetes("apps", found=(secret,))
        ),
        examination(image, client, outcome=Outcome.UNTESTED, kubernetes=Kubernetes("apps")),
    ):
        assert "aks-kubelet-identity-lacks-acrpull" not in told(seen)


def test_what_is_not_there_or_not_read_is_not_broken() -> None:
    """A file that the client never opens is nobody's trouble."""
    unread = source(name="/other.json", read=False, fault="it is empty", fault_kind="corrupt")
    absent = replace(unread, read=True, exists=False)
    assert told(examination(credentials=credentials(unread, absent))) == {}


def test_an_identity_token_for_another_host_or_behind_another_login_is_nobodys_trouble() -> None:
    """Only the entry that counts for this image matters."""
    token = Entry("one.azurecr.io", Holding.IDENTITY_TOKEN, fault="it is not read")
    behind = Entry(HOST, Holding.IDENTITY_TOKEN, fault="it is not read")
    place = source(token, login(), behind)
    assert told(examination(credentials=credentials(source(token)))) == {}
    read = credentials(place, choice=chosen(place.entries[1], place))
    assert told(examination(client=Client.PODMAN, credentials=read)) == {}


@pytest.mark.parametrize(
    ("image", "user", "outcome"),
    [
        (f"{_AMAZON}/app", "ana", Outcome.GRANTED),
        (f"{_AMAZON}/app", "AWS", Outcome.REFUSED),
        ("one.azurecr.io/app", "robot", Outcome.REFUSED),
        (f"{HOST}/app", "ana@example.com", Outcome.REFUSED),
        ("app", "ana@example.com", Outcome.GRANTED),
    ],
)
def test_a_user_name_is_wrong_only_where_it_is_refused(
    image: str, user: str, outcome: Outcome
) -> None:
    """And only at the registry that has such rules."""
    key = _HUB_KEY if image == "app" else image.partition("/")[0]
    place = source(login(key, user))
    read = credentials(place, choice=chosen(place.entries[0], place), key=key)
    refused = outcome is Outcome.REFUSED
    seen = examination(image, outcome=outcome, credentials=read, login_refused=refused, status=0)
    assert told(seen) == {}


@pytest.mark.parametrize(
    ("client", "name", "origin", "owner", "cause"),
    [
        (Client.DOCKER, "/a/config.json", Origin.DOCKER_FILE, "bob", "wrong-user-home"),
        (
            Client.DOCKER,
            "/a/config.json",
            Origin.DOCKER_FILE,
            "ann",
            "compose-or-build-uses-other-config",
        ),
        (
            Client.DOCKER,
            "/a/config.json",
            Origin.DOCKER_FILE,
            "",
            "compose-or-build-uses-other-config",
        ),
        (
            Client.DOCKER,
            "/a/auth.json",
            Origin.CONTAINERS_FILE,
            "bob",
            "podman-auth-file-elsewhere",
        ),
        (Client.PODMAN, "/a/auth.json", Origin.CONTAINERS_FILE, "bob", "wrong-user-home"),
        (Client.PODMAN, "/a/auth.json", Origin.CONTAINERS_FILE, "", "podman-auth-file-elsewhere"),
        (
            Client.CONTAINERD,
            "/a/config.json",
            Origin.DOCKER_FILE,
            "bob",
            "containerd-not-docker-config",
        ),
    ],
)
def test_a_login_elsewhere_has_one_cause(
    client: Client, name: str, origin: Origin, owner: str, cause: str
) -> None:
    """Whose file it is, and of which tool, decides; and a login of one's own is what counts."""
    other = source(login(), name=name, origin=origin, owner=owner, read=False)
    elsewhere = [(other, other.entries[0])]
    assert told(examination(client=client, credentials=credentials(elsewhere=elsewhere))) == {
        cause: True
    }
    own = source(login(HOST, "own"))
    read = credentials(own, choice=chosen(own.entries[0], own), elsewhere=elsewhere)
    assert told(examination(client=client, credentials=read)) == {}
