"""Near keys, sources that a client does not read, entries that are beaten, and helpers."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.diagnosis.credentials.configurations import HUB, pair
from tests.diagnosis.machines import (
    ScriptedPrograms,
    folder_machine,
    memory_machine,
    write_program,
)

from pratique.diagnosis.credentials import read_credentials
from pratique.diagnosis.facts.credentials import (
    Client,
    Credentials,
    HelperOutcome,
    Holding,
    Origin,
)
from pratique.diagnosis.machine import Ran
from pratique.diagnosis.references import read_reference

FILE = "/home/ann/.docker/config.json"
HOST = "r.example"
IMAGE = "r.example/team/app:1"


def _read(
    files: dict[str, object],
    client: Client = Client.DOCKER,
    image: str = IMAGE,
    **more: object,
) -> Credentials:
    environment = more.get("environment")
    programs = more.get("programs")
    machine = memory_machine(
        files,
        environment=environment if isinstance(environment, dict) else {},
        programs=programs if isinstance(programs, ScriptedPrograms) else None,
        user=str(more.get("user", "ann")),
        home=str(more.get("home", "/home/ann")),
    )
    return read_credentials(machine, read_reference(image), client)


@pytest.mark.parametrize(
    ("key", "image", "client"),
    [
        ("R.example", IMAGE, Client.DOCKER),
        ("r.example:443", IMAGE, Client.DOCKER),
        ("https://r.example:5000", IMAGE, Client.DOCKER),
        ("docker.io", "app", Client.DOCKER),
        ("registry-1.docker.io", "app", Client.DOCKER),
        ("mine.azureacr.io", "mine.azurecr.io/app", Client.DOCKER),
        ("r.example/v2/", IMAGE, Client.PODMAN),
        ("r.example/other", IMAGE, Client.PODMAN),
    ],
)
def test_a_key_that_is_near(key: str, image: str, client: Client) -> None:
    """A key that people take for the host and the client does not is named, with its source."""
    found = _read({FILE: {"auths": {key: pair("near")}}}, client, image)
    assert found.choice is None
    ((source, entry),) = found.near
    assert (source.name, entry.key) == (FILE, key)


@pytest.mark.parametrize("key", ["https://r.example/v2/", "r.example", "other.example"])
def test_a_key_that_is_found_or_foreign_is_not_near(key: str) -> None:
    """Neither what docker finds by itself nor another host is near."""
    assert not _read({FILE: {"auths": {key: pair("a")}}}).near


def test_a_helper_under_a_near_key() -> None:
    """Keys of `credHelpers` must be the very host, so a URL there is near and no more."""
    found = _read({FILE: {"credHelpers": {"https://r.example": "one"}}})
    assert [entry.holding for _, entry in found.near] == [Holding.HELPER]
    assert not found.helpers


@pytest.mark.parametrize(
    ("path", "client", "reader"),
    [
        ("/root/.docker/config.json", Client.DOCKER, "root"),
        ("/home/bob/.docker/config.json", Client.DOCKER, "bob"),
        ("/home/ann/snap/docker/2963/.docker/config.json", Client.DOCKER, "docker"),
        ("/home/ann/.config/containers/auth.json", Client.DOCKER, "podman"),
        ("/kaniko/.docker/config.json", Client.DOCKER, "kaniko"),
        ("/run/user/1000/containers/auth.json", Client.DOCKER, "the user with the number 1000"),
        ("/var/lib/kubelet/config.json", Client.DOCKER, "kubelet"),
        ("/home/bob/.config/containers/auth.json", Client.PODMAN, "bob"),
    ],
)
def test_a_login_elsewhere(path: str, client: Client, reader: str) -> None:
    """A login for the host in a file that the client does not read is named, with its reader."""
    found = _read({path: {"auths": {HOST: pair("a")}}}, client)
    assert found.choice is None
    ((source, entry),) = found.elsewhere
    assert (source.name, source.reader, source.read) == (path, reader, False)
    assert entry.key == HOST


def test_the_callers_home_under_sudo() -> None:
    """Root called by sudo does not read the caller's file, wherever their home is."""
    found = _read(
        {
            "/etc/passwd": "eve:x:1001:1001::/srv/eve:/bin/sh\n",
            "/srv/eve/.docker/config.json": {"auths": {HOST: pair("a")}},
        },
        environment={"SUDO_USER": "eve"},
        user="root",
        home="/root",
    )
    assert [(source.owner, source.reader) for source, _ in found.elsewhere] == [("eve", "eve")]


def test_a_file_that_is_left_out_by_docker_config() -> None:
    """With DOCKER_CONFIG elsewhere the file in the home is not read."""
    found = _read({FILE: {"auths": {HOST: pair("a")}}}, environment={"DOCKER_CONFIG": "/srv/d"})
    assert [source.name for source, _ in found.elsewhere] == [FILE]
    assert found.sources[0].name == "/srv/d/config.json"
    assert not found.sources[0].exists


def test_a_file_that_is_not_for_us() -> None:
    """What may not be read is a forbidden source and nothing more."""
    found = _read({"/root/.docker/config.json": PermissionError(13, "no")})
    (source,) = [one for one in found.sources if one.exists]
    assert (source.fault_kind, source.read, source.entries) == ("forbidden", False, ())
    assert not found.elsewhere


def test_a_login_in_another_store_shows_by_its_mark() -> None:
    """An empty entry beside `credsStore` is the mark of a login in that store."""
    found = _read({"/home/bob/.docker/config.json": {"auths": {HOST: {}}, "credsStore": "desktop"}})
    assert [(entry.holding, entry.helper) for _, entry in found.elsewhere] == [
        (Holding.STORE, "desktop")
    ]
    assert not found.helpers


def test_the_variable_is_elsewhere_for_podman() -> None:
    """Podman does not read DOCKER_AUTH_CONFIG."""
    text = '{"auths": {"r.example": {"auth": "YTpi"}}}'
    found = _read({}, Client.PODMAN, environment={"DOCKER_AUTH_CONFIG": text})
    assert [source.origin for source, _ in found.elsewhere] == [Origin.DOCKER_ENVIRONMENT]


def test_entries_that_are_beaten() -> None:
    """What a helper answers before, and older spellings behind the very key, are overridden."""
    programs = ScriptedPrograms(
        {"docker-credential-one get": Ran(0, '{"Username": "h", "Secret": "s"}', "")}
    )
    found = _read(
        {
            FILE: {
                "auths": {"https://r.example/v2/": pair("old"), HOST: pair("new")},
                "credHelpers": {HOST: "one"},
            }
        },
        programs=programs,
    )
    assert found.choice is not None
    assert found.choice.credential.username == "h"
    assert [entry.key for _, entry in found.overridden] == [HOST, "https://r.example/v2/"]


PODMANS = "/home/ann/.config/containers/auth.json"


@pytest.mark.parametrize(
    ("first", "ran", "username"),
    [
        ({"auths": {HOST: {}}}, None, "second"),
        ({"auths": {HOST: {"auth": "bm9jb2xvbg=="}}}, None, "second"),
        ({"auths": {HOST: {"auth": "%"}}}, None, None),
        ({"auths": {"x.example": {"auth": "%"}}}, None, "second"),
        ({"auths": {HOST: []}}, None, None),
        ("{", None, None),
        ({"credHelpers": {HOST: "one"}}, Ran(0, "{}", ""), "second"),
        ({"credHelpers": {HOST: "one"}}, Ran(1, "locked", ""), None),
    ],
)
def test_podmans_way_from_file_to_file(
    first: object, ran: Ran | None, username: str | None
) -> None:
    """What holds nothing lets the next file answer, what cannot be read stops podman."""
    programs = ScriptedPrograms({"docker-credential-one get": ran} if ran is not None else {})
    files = {PODMANS: first, FILE: {"auths": {HOST: pair("second")}}}
    found = _read(files, Client.PODMAN, programs=programs)
    assert (found.choice.credential.username if found.choice is not None else None) == username


@pytest.mark.parametrize(
    ("content", "runs"),
    [({}, 1), ({"auths": {"x.example": pair("a")}}, 0), ({"credHelpers": {"x.example": "y"}}, 0)],
)
def test_dockers_default_store(content: object, runs: int) -> None:
    """Docker uses the system's store by itself when its file names no credential at all."""
    programs = ScriptedPrograms({"docker-credential-secretservice get": Ran(0, "{}", "")})
    assert len(_read({FILE: content}, programs=programs).helpers) == runs


def test_an_empty_entry_elsewhere_is_no_login() -> None:
    """An entry that holds nothing is not named as a login elsewhere."""
    assert not _read({"/home/bob/.docker/config.json": {"auths": {HOST: {}}}}).elsewhere


def test_a_mark_of_a_store_is_not_beaten() -> None:
    """The empty entry that docker leaves beside a store holds nothing that could be beaten."""
    programs = ScriptedPrograms(
        {"docker-credential-one get": Ran(0, '{"Username": "h", "Secret": "s"}', "")}
    )
    found = _read({FILE: {"auths": {HOST: {}}, "credsStore": "one"}}, programs=programs)
    assert not found.overridden
    assert programs.ran == [(("docker-credential-one", "get"), HOST)]


@pytest.mark.parametrize(
    ("ran", "outcome", "said"),
    [
        (Ran(1, "credentials not found in native keychain\n", ""), HelperOutcome.EMPTY, None),
        (Ran(0, "{}", ""), HelperOutcome.EMPTY, ""),
        (Ran(1, "", "pass store is\x1b uninitialized\n"), HelperOutcome.FAILED, None),
        (Ran(1, '{"Secret": "hidden"}', ""), HelperOutcome.FAILED, ""),
        (Ran(0, "hidden", ""), HelperOutcome.FAILED, "its answer is no JSON as helpers give it"),
        (Ran(0, '{"Username": 1}', ""), HelperOutcome.FAILED, None),
        (Ran(None, "", ""), HelperOutcome.TIMED_OUT, ""),
    ],
)
def test_how_a_helper_ends(ran: Ran, outcome: HelperOutcome, said: str | None) -> None:
    """Each end has its outcome; what was said holds no secret and no control character."""
    programs = ScriptedPrograms({"docker-credential-one get": ran})
    found = _read({FILE: {"credsStore": "one"}}, programs=programs)
    (run,) = found.helpers
    assert run.outcome is outcome
    assert said is None or run.said == said
    assert "hidden" not in repr(found)
    assert run.said.isprintable()
    assert found.choice is None


@pytest.mark.parametrize("name", ["gone", "../../bin/sh", "-x", "a b", "x" * 500])
def test_a_helper_that_is_not_there(name: str) -> None:
    """A helper that is not installed is missing; a name with a path in it is never run."""
    programs = ScriptedPrograms(
        {} if name == "gone" else {f"docker-credential-{name} get": Ran(0, "{}", "")}
    )
    (run,) = _read({FILE: {"credsStore": name}}, programs=programs).helpers
    assert run.outcome is (HelperOutcome.MISSING if name == "gone" else HelperOutcome.FAILED)
    assert not programs.ran


def test_a_helper_is_asked_for_docker_hubs_address(tmp_path: Path) -> None:
    """A real helper gets on its input what docker would write there."""
    programs = tmp_path / "programs"
    programs.mkdir()
    write_program(
        programs,
        "docker-credential-one",
        """printf '{"Username": "<token>", "Secret": "%s"}' "$(cat)" """,
    )
    (tmp_path / "home/.docker").mkdir(parents=True)
    (tmp_path / "home/.docker/config.json").write_text('{"credsStore": "one"}')
    machine = folder_machine(tmp_path, programs, {}, home="/home")
    found = read_credentials(machine, read_reference("app"), Client.DOCKER)
    assert found.key == HUB
    assert found.choice is not None
    assert found.choice.credential.identity_token is not None
    assert found.choice.credential.identity_token.reveal() == HUB


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "it is empty"),
        ("{", "it is no JSON (line 1, column 2)"),
        ("[]", "it is JSON, but no object"),
        (b"\xff\xfe{\x00}\x00", "it is UTF-16 text, which clients do not read as JSON"),
        ({"auths": []}, "its `auths` is no object"),
        ({"credsStore": 1}, "its `credsStore` is no text"),
    ],
)
def test_a_corrupt_file(content: object, fault: str) -> None:
    """A file that docker cannot read is a corrupt source, in words without its content."""
    source = _read({FILE: content}).sources[0]
    assert (source.fault_kind, source.fault) == ("corrupt", fault)


@pytest.mark.parametrize(("version", "username"), [("28.2.2", "file"), ("29.0.1", None)])
def test_a_helper_that_fails_beside_an_entry(version: str, username: str | None) -> None:
    """Before 29 docker passes over a helper that fails; since then it stops."""
    found = _read(
        {FILE: {"auths": {HOST: pair("file")}, "credsStore": "gone"}},
        programs=ScriptedPrograms({"docker --version": Ran(0, f"Docker version {version},", "")}),
    )
    assert (found.choice.credential.username if found.choice is not None else None) == username


@pytest.mark.parametrize(
    ("version", "read"), [("28.2.2", False), ("28.3.0", True), ("29.0.1", True), ("", True)]
)
def test_a_docker_that_does_not_know_its_variable(version: str, read: bool) -> None:  # noqa: FBT001
    """Before 28.3 docker does not read DOCKER_AUTH_CONFIG, which is then elsewhere."""
    found = _read(
        {},
        environment={"DOCKER_AUTH_CONFIG": '{"auths": {"r.example": {"auth": "YTpi"}}}'},
        programs=ScriptedPrograms({"docker --version": Ran(0, f"Docker version {version},", "")}),
    )
    assert (found.choice is not None, bool(found.elsewhere)) == (read, not read)


def test_helpers_of_registries_conf_are_a_source() -> None:
    """A helper that registries.conf names is shown with that file."""
    conf = "/etc/containers/registries.conf"
    found = _read(
        {conf: 'credential-helpers = ["containers-auth.json", "one"]'},
        Client.PODMAN,
        programs=ScriptedPrograms(
            {"docker-credential-one get": Ran(0, '{"Username": "h", "Secret": "s"}', "")}
        ),
    )
    assert found.choice is not None
    assert found.choice.source in found.sources
    assert found.choice.source.name == conf


def test_podmans_first_file_is_by_the_users_number() -> None:
    """Without XDG_RUNTIME_DIR podman's first file is in the folder of the user's number."""
    found = _read(
        {
            "/etc/passwd": "ann:x:1007:1007::/home/ann:/bin/sh\n",
            "/run/containers/1007/auth.json": {"auths": {HOST: pair("a")}},
        },
        Client.PODMAN,
    )
    assert found.choice is not None
    assert found.choice.source.name == "/run/containers/1007/auth.json"
