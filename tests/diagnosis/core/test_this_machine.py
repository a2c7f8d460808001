"""Files, programmes and names of the real machine, and of a file system below a folder."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pratique.assembly import now
from pratique.diagnosis.this_machine import FilesBelow, RealNetwork, RealPrograms, this_machine

_MIB = 1024 * 1024
_SHELL = "/bin/sh"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A file system of another machine, beside a file that is not of it."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"of this machine")
    (tmp_path / "secret").write_bytes(b"of this machine")
    made = tmp_path / "host"
    (made / "etc" / "docker").mkdir(parents=True)
    (made / "etc" / "docker" / "daemon.json").write_bytes(b"{}")
    (made / "secret").write_bytes(b"of that machine")
    return made


def _both(root: Path) -> list[tuple[FilesBelow, str]]:
    """The same files, by names of the other machine and by those of this one."""
    return [(FilesBelow(root), ""), (FilesBelow(Path("/")), str(root))]


def test_files_are_read(root: Path) -> None:
    """A file is read by the name that clients use."""
    for files, begin in _both(root):
        assert files.read(f"{begin}/etc/docker/daemon.json") == b"{}"
        assert files.names_in(f"{begin}/etc/docker/") == ("daemon.json",)
        assert files.names_in(f"{begin}/etc") == ("docker",)
    assert FilesBelow(root).names_in("/") == ("etc", "secret")


def test_names_in_a_full_folder(root: Path) -> None:
    """Of more than a thousand names a thousand are told, each of which is there."""
    names = {f"n{number}" for number in range(1100)}
    for name in names:
        (root / "etc" / "docker" / name).touch()
    for files, begin in _both(root):
        told = files.names_in(f"{begin}/etc/docker")
        assert len(set(told)) == 1000
        assert set(told) <= {*names, "daemon.json"}


def test_files_that_are_not_there(root: Path) -> None:
    """An absent file is told from one that is no file; an absent folder is empty."""
    for files, begin in _both(root):
        with pytest.raises(FileNotFoundError):
            files.read(f"{begin}/etc/none")
        with pytest.raises(FileNotFoundError):
            files.read(f"{begin}/none/none")
        with pytest.raises(NotADirectoryError):
            files.read(f"{begin}/etc/docker/daemon.json/x")
        with pytest.raises(OSError, match=r"egular|irectory"):
            files.read(f"{begin}/etc")
        assert files.names_in(f"{begin}/none") == ()
        assert files.names_in(f"{begin}/etc/docker/daemon.json") == ()


def test_a_pipe_in_place_of_a_file(root: Path) -> None:
    """A pipe, with somebody who writes to it or without, holds nobody up."""
    os.mkfifo(root / "pipe")
    for files, begin in _both(root):
        with pytest.raises(OSError, match="Not a regular file"):
            files.read(f"{begin}/pipe")
    writer = os.open(root / "pipe", os.O_RDWR)
    try:
        for files, begin in _both(root):
            with pytest.raises(OSError, match="Not a regular file"):
                files.read(f"{begin}/pipe")
    finally:
        os.close(writer)


def test_a_socket_and_a_device(root: Path) -> None:
    """A socket and a device without an end are no files."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "socket"))
        for files, begin in _both(root):
            with pytest.raises(OSError, match=r"."):
                files.read(f"{begin}/socket")
    with pytest.raises(OSError, match="Not a regular file"):
        FilesBelow(Path("/")).read("/dev/zero")


def test_a_huge_file(root: Path) -> None:
    """Of a file of many gigabytes the first MiB is read."""
    with (root / "huge").open("wb") as file:
        file.truncate(1 << 40)
    for files, begin in _both(root):
        assert len(files.read(f"{begin}/huge")) == _MIB


def test_many_names(root: Path) -> None:
    """Of a folder with very many files a thousand names are given."""
    (root / "many").mkdir()
    for number in range(1200):
        (root / "many" / f"{number:05}").touch()
    for files, begin in _both(root):
        assert len(files.names_in(f"{begin}/many")) == 1000


def test_what_is_read_is_left_open_by_nobody(root: Path) -> None:
    """No descriptor stays open, whatever became of the reading."""
    os.mkfifo(root / "pipe")
    (root / "loop").symlink_to("loop")
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counted, not used
    for files, begin in _both(root):
        for name in ("/secret", "/etc", "/pipe", "/loop", "/none", "/etc/docker/x/y", "/a\0b"):
            try:
                files.read(begin + name)
            except OSError:
                files.names_in(begin + name)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_paths_that_are_none(root: Path) -> None:
    """A path that no system takes is an error of the system, as any other."""
    for files, begin in _both(root):
        for path in ("/a\0b", "/\ud800", f"/{'x' * 5000}"):
            with pytest.raises(OSError, match=r"."):
                files.read(begin + path)
            assert files.names_in(begin + path) == ()


@pytest.mark.parametrize(
    "goal",
    [
        "/secret",
        "../secret",
        "../../secret",
        "../../../../../../secret",
        "/../secret",
        "/etc/../../secret",
        "/etc/up/up/secret",
        "etc-link/docker/../../secret",
    ],
)
def test_links_stay_in_their_file_system(root: Path, goal: str) -> None:
    """A link, absolute or with `..`, means what it means on the machine whose file it is."""
    (root / "etc" / "up").mkdir()
    (root / "etc" / "up" / "up").symlink_to("/")
    (root / "etc" / "etc-link").symlink_to("/etc")
    (root / "etc" / "link").symlink_to(goal)
    files = FilesBelow(root)
    assert files.read("/etc/link") == b"of that machine"
    assert files.read("/etc/../../secret") == b"of that machine"
    assert files.read("//secret") == b"of that machine"
    assert files.read("../secret") == b"of that machine"


def test_links_to_folders(root: Path) -> None:
    """A folder behind an absolute link is that of the other machine."""
    (root / "run").symlink_to("/var/run")
    (root / "var").mkdir()
    (root / "var" / "run").symlink_to("../etc")
    (root / "away").symlink_to(root.parent / "outside")
    files = FilesBelow(root)
    assert files.read("/run/docker/daemon.json") == b"{}"
    assert files.names_in("/run") == ("docker",)
    assert files.names_in("/run/docker/..") == ("docker",)
    assert files.names_in("/away") == ()
    with pytest.raises(FileNotFoundError):
        files.read("/away/secret")


def test_links_in_circles(root: Path) -> None:
    """Links that never end are an error."""
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("/a")
    (root / "long").symlink_to("long/long/long")
    for name in ("/a", "/b", "/long", "/a/b"):
        with pytest.raises(OSError, match="symbolic links"):
            FilesBelow(root).read(name)
        assert FilesBelow(root).names_in(name) == ()


def test_the_root_itself_may_be_a_link(root: Path, tmp_path: Path) -> None:
    """The folder that was named may be behind a link of this machine."""
    (tmp_path / "link").symlink_to(root)
    assert FilesBelow(tmp_path / "link").read("/secret") == b"of that machine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_files_that_are_not_for_us(root: Path) -> None:
    """A file of somebody else is told from an absent one."""
    (root / "secret").chmod(0)
    for files, begin in _both(root):
        with pytest.raises(PermissionError):
            files.read(f"{begin}/secret")


@given(
    st.lists(
        st.sampled_from(["..", ".", "", "etc", "up", "link", "docker", "secret", "none"]),
        max_size=10,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_path_leads_out(root: Path, parts: list[str]) -> None:
    """However a path winds, what is read is of the other machine."""
    for name, goal in (("up", "../.."), ("link", "/etc/../../host/../secret")):
        if not (root / "etc" / name).is_symlink():
            (root / "etc" / name).symlink_to(goal)
    try:
        found = FilesBelow(root).read("/" + "/".join(parts))
    except OSError:
        return
    assert found in {b"of that machine", b"{}"}


_PROGRAMS = RealPrograms("/usr/bin:/bin")


def test_programmes_are_found() -> None:
    """A programme is found on the search path, and nowhere else."""
    assert _PROGRAMS.find("sh") in {"/usr/bin/sh", "/bin/sh"}
    assert _PROGRAMS.find("no-such-programme") is None
    assert RealPrograms("/nowhere").find("sh") is None


def test_programmes_are_run() -> None:
    """Status, output and errors are what the programme gave, from what it was given."""
    ran = _PROGRAMS.run([_SHELL, "-c", "cat; echo no >&2; exit 3"], "key\n")
    assert (ran.status, ran.output, ran.errors) == (3, "key\n", "no\n")


def test_a_programme_that_is_not_there() -> None:
    """A programme that cannot be started is an error."""
    with pytest.raises(FileNotFoundError):
        _PROGRAMS.run(["/nowhere/docker-credential-x", "get"])


def test_a_programme_that_reads_nothing() -> None:
    """What a programme does not read does not matter, however much it is."""
    ran = _PROGRAMS.run([_SHELL, "-c", "exec true"], "x" * 1_000_000)
    assert ran.status == 0


def test_output_that_is_no_text() -> None:
    """Bytes that are no text are shown as such."""
    ran = _PROGRAMS.run([_SHELL, "-c", r"printf 'a\377b'"])
    assert ran.output == "a\ufffdb"


@pytest.mark.parametrize(
    "script",
    [
        "sleep 60",
        "trap '' TERM INT HUP; while :; do sleep 1; done",
        # The programme ends, and what it has started holds its output.
        "sleep 60 & echo done",
        "(sleep 60; echo late) & exit 0",
        "exec >&- 2>&-; sleep 60",
        # It has left the session, so that it cannot be ended with it.
        "setsid sleep 3 & echo done",
        "while :; do echo endless; done",
        "yes | cat; exit 1",
    ],
)
def test_a_programme_that_does_not_end(script: str) -> None:
    """A programme has its time and no more, whoever holds its output."""
    start = time.monotonic()
    ran = _PROGRAMS.run([_SHELL, "-c", script], "", 0.3)
    assert time.monotonic() - start < 2.5
    assert (ran.status, ran.output, ran.errors) == (None, "", "")


def test_what_a_programme_started_is_ended_as_well(tmp_path: Path) -> None:
    """Nothing of a programme that took too long goes on."""
    mark = tmp_path / "mark"
    script = f"(sleep 1; echo late > '{mark}') & sleep 60"
    assert _PROGRAMS.run([_SHELL, "-c", script], "", 0.2).status is None
    time.sleep(1.3)
    assert not mark.exists()


def test_output_without_end_is_not_kept() -> None:
    """Of a long output its beginning is kept, and the programme comes to its end."""
    script = "import sys; sys.stdout.write('o' * 5_000_000); sys.stderr.write('e' * 5_000_000)"
    ran = _PROGRAMS.run([sys.executable, "-c", script])
    assert ran.status == 0
    assert (len(ran.output), len(ran.errors)) == (_MIB, 64 * 1024)


def test_names_of_this_machine() -> None:
    """Loopback has its address, and a name that cannot exist has none."""
    assert "127.0.0.1" in RealNetwork().addresses_of("127.0.0.1")
    with pytest.raises(OSError, match=r"."):
        RealNetwork().addresses_of("name.invalid")


def test_this_machine(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    """The machine is that of the process, with files of wherever they are read."""
    monkeypatch.setenv("HOME", "/home/somebody")
    machine = this_machine(now, root)
    assert machine.home == "/home/somebody"
    assert machine.environment["HOME"] == "/home/somebody"
    assert machine.is_root is (os.geteuid() == 0)
    assert machine.files.read("/secret") == b"of that machine"
    assert machine.system in {"linux", "windows"}
    assert machine.architecture not in {"", "x86_64", "aarch64"}
    assert machine.user
