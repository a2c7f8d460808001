"""Moving a registry's blobs between files and real object stores, with rows in either store."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import pytest
from obstore.store import AzureStore, S3Store
from tests.cli.terminal import Terminal
from tests.support.faulty_proxy import Fault, faulty_proxy
from tests.support.object_stores import AZURITE_ACCOUNT, MovableClock, ObjectServer
from tests.support.postgres import PostgresServer, fresh_database
from tests.upkeep.blob_moves import (
    FIRST,
    files_in,
    opened,
    pulls,
    pushes,
    quiet,
    to_files,
    to_objects,
)
from tests.upkeep.stage import IMAGES, SHARED, Image, Stage, flipped

from pratique.assembly import move_rows, take_back_blobs
from pratique.naming import Digest
from pratique.registry import Policy, StorageFailed, StorageFrozen
from pratique.registry.blob_moves import Extent
from pratique.settings import Places
from pratique.storage.blobs.objects import ObjectBin, open_bucket

if TYPE_CHECKING:
    from obstore.store import ClientConfig

BLOBS = len({content for one in IMAGES for content in one.blobs})
LATER = Image("team/later", "v1", (b"pushed after the move",))
BETWEEN = Image("team/between", "v1", (b"pushed in the middle of the move", SHARED))
LARGE = 48 * 1024 * 1024
# Parts that are sent are elsewhere in memory, four of 8 MiB.
MEMORY_BYTES = 24 * 1024 * 1024
_NUMBERS = count()


@dataclass(frozen=True)
class Mooring:
    """A registry with images, its blobs in files, and an empty object store.

    Attributes:
        places: where rows and files are.
        address: of the object store.
        server: of that.
    """

    stage: Stage
    places: Places
    address: str
    server: ObjectServer

    @property
    def afar(self) -> Places:
        """The same with blobs in the object store."""
        return replace(self.places, blobs=self.address)

    @property
    def words(self) -> tuple[str, ...]:
        """What names rows and files on the command line."""
        database = self.places.database
        return ("--data", str(self.places.data), *(("--database", database) if database else ()))

    def bucket(self) -> S3Store | AzureStore:
        """The object store, seen from outside."""
        url = urlsplit(self.address)
        prefix = url.path.strip("/")
        client: ClientConfig = {"allow_http": True}
        if url.scheme == "s3":
            return S3Store(
                url.netloc,
                config={"endpoint": self.server.url},
                prefix=prefix,
                client_options=client,
            )
        return AzureStore(
            url.netloc,
            config={"endpoint": f"{self.server.url}/{AZURITE_ACCOUNT}"},
            prefix=prefix,
            client_options=client,
        )

    def objects(self) -> set[str]:
        """Paths of the objects that may be blobs."""
        return {each["path"] for each in self.bucket().list("data").collect()}

    def object_of(self, content: bytes) -> str:
        """The path of the object with these bytes."""
        store = self.bucket()
        (path,) = (path for path in self.objects() if store.get(path).bytes() == content)
        return path


@pytest.fixture(params=["s3", "azure"])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ObjectServer:
    """Each of the servers, with the environment that it needs."""
    found: ObjectServer = request.getfixturevalue(request.param)
    for key, value in found.environment.items():
        monkeypatch.setenv(key, value)
    return found


def _moored(stage: Stage, server: ObjectServer, places: Places) -> Mooring:
    return Mooring(stage, places, server.bucket(f"move-{next(_NUMBERS)}"), server)


@pytest.fixture
def mooring(stage: Stage, s3: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> Mooring:
    """With rows in SQLite, beside S3."""
    for key, value in s3.environment.items():
        monkeypatch.setenv(key, value)
    return _moored(stage, s3, Places(stage.data))


@pytest.fixture(params=["sqlite", "postgres"])
def either(
    request: pytest.FixtureRequest, stage: Stage, s3: ObjectServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Mooring]:
    """With rows in either store, beside S3."""
    for key, value in s3.environment.items():
        monkeypatch.setenv(key, value)
    if request.param == "sqlite":
        yield _moored(stage, s3, Places(stage.data))
        return
    postgres: PostgresServer = request.getfixturevalue("postgres")
    url = fresh_database(postgres)
    move_rows(Places(stage.data), Places(stage.data, url), lambda *_: None)
    yield _moored(stage, s3, Places(stage.data, url))
    postgres.drop(url)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """The terminal of whoever owns the stores."""
    return Terminal(tmp_path / "home")


def _refused(places: Places) -> str:
    """Why a server with these places does not start."""
    with pytest.raises(StorageFailed) as refused, opened(places):
        pass
    return refused.value.detail


def _there_and_back(mooring: Mooring) -> None:
    before = files_in(mooring.places.data)
    moved = to_objects(mooring.places, mooring.address)
    assert (moved.copied, moved.there) == (BLOBS, 0)
    assert moved.copied_bytes == sum(map(len, {c for one in IMAGES for c in one.blobs}))
    assert files_in(mooring.places.data) == before
    assert f"name it with --blobs '{mooring.address}'" in _refused(mooring.places)
    with opened(mooring.afar) as stores:
        assert all(pulls(stores, one) for one in IMAGES)
        pushes(stores, LATER)
    kept = mooring.objects()
    back = to_files(mooring.places, mooring.address)
    assert (back.copied, back.there) == (1, BLOBS)
    assert mooring.objects() == kept
    assert "are files; leave out --blobs" in _refused(mooring.afar)
    with opened(mooring.places) as stores:
        assert all(pulls(stores, one) for one in (*IMAGES, LATER))
        pushes(stores, BETWEEN)
    again = to_objects(mooring.places, mooring.address)
    assert (again.copied, again.there) == (1, BLOBS + 1)
    with opened(mooring.afar) as stores:
        assert all(pulls(stores, one) for one in (*IMAGES, LATER, BETWEEN))


def test_there_and_back_with_each_object_store(stage: Stage, server: ObjectServer) -> None:
    """Every blob is at each place as it was, nothing is deleted, and the wrong place is refused."""
    _there_and_back(_moored(stage, server, Places(stage.data)))


def test_there_and_back_with_either_store_of_rows(either: Mooring) -> None:
    """And what is there already is not copied again."""
    _there_and_back(either)


@pytest.mark.parametrize("back", [False, True])
def test_what_is_pushed_in_the_middle_is_not_lost(either: Mooring, *, back: bool) -> None:
    """It is taken by the old server while blobs are copied, and copied in the second pass."""
    if back:
        to_objects(either.places, either.address)
        shutil.rmtree(either.places.data / "blobs")
    old, new = (either.afar, either.places) if back else (either.places, either.afar)
    seen: list[str] = []
    with opened(old) as stores:

        def told(at_work: str, *_rest: object) -> None:
            if not seen:
                pushes(stores, FIRST)
            seen.append(at_work)

        moved = (to_files if back else to_objects)(either.places, either.address, told)
        assert moved.copied == BLOBS + 1
        assert set(seen) == {"copying", "completing"}
        assert pulls(stores, FIRST)
    with opened(new) as stores:
        assert all(pulls(stores, one) for one in (*IMAGES, FIRST))


@pytest.mark.parametrize("back", [False, True])
def test_an_old_server_takes_no_new_blobs(either: Mooring, *, back: bool) -> None:
    """It would put them where nobody looks; all else it does, by the same rows as the new one."""
    if back:
        to_objects(either.places, either.address)
    old, new = (either.afar, either.places) if back else (either.places, either.afar)
    with opened(old) as stores:
        (to_files if back else to_objects)(either.places, either.address)
        assert all(pulls(stores, one) for one in IMAGES)
        with pytest.raises(StorageFrozen, match="takes no new ones meanwhile"):
            pushes(stores, LATER)
        pushes(stores, Image("team/app", "v1-again", IMAGES[0].layers))
        with opened(new) as beside:
            pushes(beside, LATER)
            assert pulls(beside, Image("team/app", "v1-again", IMAGES[0].layers))
            assert all(pulls(beside, one) for one in (*IMAGES, LATER))


def _ended(mooring: Mooring, at_work: str, by: str, *, back: bool) -> int:
    """Begin to move in a process that ends itself by a signal; how it ended."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "tests.upkeep.blob_move_killed", str(mooring.places.data)),
            *(mooring.places.database or "", mooring.address, "files" if back else "objects"),
            *(at_work, by),
        ],
        check=False,
        stderr=subprocess.DEVNULL,
        timeout=120,
    ).returncode


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("at_work", ["copying", "completing"])
def test_a_killed_move_is_run_again(either: Mooring, at_work: str, *, back: bool) -> None:
    """The old place is served meanwhile, and what was copied is not copied again."""
    if back:
        to_objects(either.places, either.address)
        shutil.rmtree(either.places.data / "blobs")
    old, new = (either.afar, either.places) if back else (either.places, either.afar)
    killed = _ended(either, at_work, "SIGKILL", back=back)
    assert killed == -signal.SIGKILL
    with opened(old) as stores:
        assert all(pulls(stores, one) for one in (*IMAGES, FIRST))
        if at_work == "completing":
            with pytest.raises(StorageFrozen):
                pushes(stores, LATER)
            take_back_blobs(either.places)
        pushes(stores, LATER)
    _refused(new)
    moved = (to_files if back else to_objects)(either.places, either.address)
    assert moved.there >= (BLOBS if at_work == "completing" else 2)
    assert moved.copied + moved.there == BLOBS + 2
    with opened(new) as stores:
        assert all(pulls(stores, one) for one in (*IMAGES, FIRST, LATER))


@pytest.mark.parametrize("back", [False, True])
def test_whoever_ends_a_move_leaves_nothing_closed(mooring: Mooring, *, back: bool) -> None:
    """After Ctrl-C in the second pass, new blobs are taken where they are, at once."""
    if back:
        to_objects(mooring.places, mooring.address)
        shutil.rmtree(mooring.places.data / "blobs")
    assert _ended(mooring, "completing", "SIGINT", back=back) == -signal.SIGINT
    with opened(mooring.afar if back else mooring.places) as stores:
        pushes(stores, LATER)
        assert all(pulls(stores, one) for one in (*IMAGES, FIRST, LATER))
    assert list((mooring.places.data / "uploads").iterdir()) == []
    moved = (to_files if back else to_objects)(mooring.places, mooring.address)
    assert moved.copied + moved.there == BLOBS + 2


def test_it_is_told_what_was_done(mooring: Mooring, terminal: Terminal) -> None:
    """And how to serve the new place."""
    words = ("migrate-blobs", *mooring.words)
    files = mooring.places.data / "blobs"
    told = terminal.reads(*words, "--to-blobs", mooring.address)
    assert f"moved from {files} to {mooring.address}, and compared: {BLOBS} blobs (" in told
    assert "seconds; 0 were there already" in told
    assert f"pratique serve --data {mooring.places.data} --blobs '{mooring.address}'" in told
    told = terminal.fails(*words, "--to-blobs", mooring.address)
    assert f"are in {mooring.address} already" in told
    terminal.reads(*words, "--take-back")
    _refused(mooring.places)
    done = terminal.gets(*words, "--from-blobs", mooring.address)
    assert (done["copied"], done["copied_bytes"], done["there"]) == (0, 0, BLOBS)
    told = terminal.fails(*words, "--from-blobs", mooring.address)
    assert "are files already" in told


def test_a_move_that_fails_in_the_end_lets_blobs_be_taken(either: Mooring) -> None:
    """They are refused only while the second pass goes on."""
    with opened(either.places) as stores:

        def told(at_work: str, blobs: int, _bytes: int, _extent: Extent) -> None:
            if (at_work, blobs) == ("copying", 1):
                pushes(stores, FIRST)
            if at_work == "completing":
                with pytest.raises(StorageFrozen):
                    pushes(stores, BETWEEN)
                raise StorageFailed("the cable was pulled")

        with pytest.raises(StorageFailed):
            to_objects(either.places, either.address, told)
        pushes(stores, BETWEEN)
    assert to_objects(either.places, either.address).copied >= 1
    with opened(either.afar) as stores:
        assert all(pulls(stores, one) for one in (*IMAGES, FIRST, BETWEEN))


def test_what_a_killed_move_leaves_is_collected(mooring: Mooring) -> None:
    """An object that no row knows goes when it is old, as uploads that broke off do."""
    to_objects(mooring.places, mooring.address)
    mooring.bucket().put("data/of-a-killed-move/part", b"left behind")
    before = mooring.objects()
    clock = MovableClock()
    clock.ahead = timedelta(days=8)
    with opened(mooring.afar) as stores:
        places = stores.contents._places  # type: ignore[attr-defined]  # noqa: SLF001
        bin_ = ObjectBin(open_bucket(mooring.address, os.environ), places, clock)

        async def collected() -> None:
            async for _ in replace(stores, bin=bin_).collection(clock).run(Policy()):
                pass

        asyncio.run(collected())
        assert all(pulls(stores, one) for one in IMAGES)
    assert before - mooring.objects() == {"data/of-a-killed-move/part"}


@pytest.mark.parametrize("how", ["missing", "damaged", "short"])
def test_a_file_that_is_not_whole_is_named(either: Mooring, terminal: Terminal, how: str) -> None:
    """With who needs it and what to do; the old place is served, and a push mends it."""
    layer = IMAGES[1].layers[0]
    path = either.stage.file_of(layer)
    if how == "missing":
        path.unlink()
    else:
        either.stage.damage(path, flipped if how == "damaged" else lambda content: content[:-1])
    words = ("migrate-blobs", "--to-blobs", either.address, *either.words)
    told = terminal.fails(*words)
    assert f"{Digest.of(layer)} (of team/app)" in told
    assert {"missing": "has no file", "damaged": "other bytes", "short": "instead of"}[how] in told
    with opened(either.places) as stores:
        assert pulls(stores, IMAGES[0])
        pushes(stores, LATER)
    _refused(either.afar)
    path.write_bytes(layer)
    done = terminal.gets(*words)
    assert (done["copied"], done["there"]) == (2, BLOBS - 1)


@pytest.mark.parametrize("how", ["missing", "damaged", "short"])
def test_an_object_that_is_not_whole_is_named(mooring: Mooring, how: str) -> None:
    """Likewise on the way back; files that are there already are not believed unread."""
    to_objects(mooring.places, mooring.address)
    layer = IMAGES[1].layers[0]
    mooring.stage.damage(mooring.stage.file_of(layer), flipped)
    path = mooring.object_of(layer)
    if how == "missing":
        mooring.bucket().delete(path)
    else:
        mooring.bucket().put(path, flipped(layer) if how == "damaged" else layer[:-1])
    with pytest.raises(StorageFailed) as refused:
        to_files(mooring.places, mooring.address)
    assert f"{Digest.of(layer)} (of team/app)" in refused.value.detail
    with opened(mooring.afar) as stores:
        assert pulls(stores, IMAGES[0])
        pushes(stores, LATER)
    mooring.bucket().put(path, layer)
    assert to_files(mooring.places, mooring.address).copied == 2
    with opened(mooring.places) as stores:
        assert all(pulls(stores, one) for one in (*IMAGES, LATER))


def test_what_nothing_links_may_be_missing(mooring: Mooring) -> None:
    """Nobody has lost anything."""
    to_objects(mooring.places, mooring.address)
    layer = IMAGES[1].layers[0]
    mooring.stage.alter("DELETE FROM repository_blobs WHERE digest = ?", Digest.of(layer).text)
    mooring.bucket().delete(mooring.object_of(layer))
    mooring.stage.file_of(layer).unlink()
    to_files(mooring.places, mooring.address)
    with opened(mooring.places) as stores:
        assert pulls(stores, IMAGES[0])


def test_a_place_that_is_somebody_elses_is_refused(
    mooring: Mooring, terminal: Terminal, tmp_path: Path
) -> None:
    """Nothing there is touched, and blobs are taken where they are."""
    words = ("migrate-blobs", *mooring.words)
    other = Stage.filled(tmp_path / "other")
    to_objects(Places(other.data), mooring.address)
    told = terminal.fails(*words, "--to-blobs", mooring.address)
    assert "is not empty: it holds `" in told
    full = mooring.server.bucket(f"full-{next(_NUMBERS)}")
    S3Store(
        urlsplit(full).netloc,
        config={"endpoint": mooring.server.url},
        client_options={"allow_http": True},
    ).put("some/prefix/holiday.jpg", b"a picture")
    told = terminal.fails(*words, "--to-blobs", full)
    assert "is not empty: it holds `holiday.jpg`" in told
    told = terminal.fails(*words, "--from-blobs", mooring.address)
    assert "does not hold the blobs of this registry" in told
    with opened(mooring.places) as stores:
        pushes(stores, LATER)


def test_a_store_that_cannot_be_used_is_told(mooring: Mooring, terminal: Terminal) -> None:
    """A bucket that is not there, an address that is none, credentials that are wrong."""
    words = ("migrate-blobs", *mooring.words, "--to-blobs")
    absent = mooring.address.replace("move-", "no-such-")
    assert "does not exist; create it" in terminal.fails(*words, absent)
    assert "write the place of blobs as s3://" in terminal.fails(*words, "bucket")
    with faulty_proxy(mooring.server.url) as proxy:
        proxy.fault = lambda _: Fault(403, b"<Code>InvalidAccessKeyId</Code>")
        refusing = f"s3://{urlsplit(mooring.address).netloc}/p?endpoint={quote(proxy.url)}"
        assert "does not accept the credentials" in terminal.fails(*words, refusing)
    with opened(mooring.places) as stores:
        pushes(stores, LATER)


@pytest.mark.parametrize("back", [False, True])
def test_a_store_that_breaks_off_is_told(mooring: Mooring, *, back: bool) -> None:
    """The blobs are where they were, and the move goes on from there when it is run again."""
    with opened(mooring.places) as stores:
        pushes(stores, BETWEEN)
    if back:
        to_objects(mooring.places, mooring.address)
        shutil.rmtree(mooring.places.data / "blobs")
    old = mooring.afar if back else mooring.places
    with faulty_proxy(mooring.server.url) as proxy:
        url = urlsplit(mooring.address)
        relayed = f"s3://{url.netloc}{url.path}?endpoint={quote(proxy.url)}"

        def told(_stage: str, blobs: int, _bytes: int, _extent: Extent) -> None:
            # One is left, since four are copied at a time.
            if blobs == 1:
                proxy.fault = lambda _: Fault(403, b"<Code>AccessDenied</Code>")

        with pytest.raises(StorageFailed) as refused:
            (to_files if back else to_objects)(mooring.places, relayed, told)
    assert "is denied" in refused.value.detail
    with opened(old) as stores:
        assert all(pulls(stores, one) for one in IMAGES)
        pushes(stores, LATER)
    moved = (to_files if back else to_objects)(mooring.places, mooring.address)
    assert moved.copied + moved.there == BLOBS + 2


def test_files_that_are_there_are_read(mooring: Mooring) -> None:
    """One with other bytes is replaced, whatever its size."""
    to_objects(mooring.places, mooring.address)
    for layer, change in ((IMAGES[0].layers[1], flipped), (SHARED, lambda content: content[:-1])):
        mooring.stage.damage(mooring.stage.file_of(layer), change)
    assert to_files(mooring.places, mooring.address).copied == 2
    assert mooring.stage.check().faults == []
    with opened(mooring.places) as stores:
        assert all(pulls(stores, one) for one in IMAGES)


def test_another_bucket_than_the_one_with_the_blobs_is_refused(mooring: Mooring) -> None:
    """Nobody would notice before the first pull; and it stays nobody's."""
    to_objects(mooring.places, mooring.address)
    empty = mooring.server.bucket(f"empty-{next(_NUMBERS)}")
    told = _refused(replace(mooring.places, blobs=empty))
    assert "holds none of the blobs of this registry" in told
    assert told.endswith(f"name the object store that does: {mooring.address}")
    with pytest.raises(StorageFailed) as refused:
        to_objects(mooring.places, empty)
    assert f"are in {mooring.address} already" in refused.value.detail


def test_rows_that_are_moved_tell_where_the_blobs_are(
    mooring: Mooring, postgres: PostgresServer
) -> None:
    """Blobs first, rows then: the way from one machine to many nodes."""
    to_objects(mooring.places, mooring.address)
    url = fresh_database(postgres)
    move_rows(mooring.places, Places(mooring.places.data, url), lambda *_: None)
    assert f"name it with --blobs '{mooring.address}'" in _refused(Places(mooring.places.data, url))
    with opened(Places(mooring.places.data / "of-a-node", url, mooring.address)) as stores:
        assert all(pulls(stores, one) for one in IMAGES)
        pushes(stores, LATER)
    postgres.drop(url)


def test_rows_that_are_being_moved_keep_blobs_where_they_are(
    mooring: Mooring, postgres: PostgresServer, terminal: Terminal
) -> None:
    """And so do rows that were."""
    url = fresh_database(postgres)
    move_rows(mooring.places, Places(mooring.places.data, url), lambda *_: None)
    told = terminal.fails("migrate-blobs", "--to-blobs", mooring.address, *mooring.words)
    assert "was moved with `pratique migrate-store`" in told
    postgres.drop(url)


def test_verbs_of_a_folder_work_again_after_the_way_back(
    mooring: Mooring, terminal: Terminal, tmp_path: Path
) -> None:
    """Check and backup refuse while blobs are objects, and find all files afterwards."""
    data = ("--data", str(mooring.places.data))
    to_objects(mooring.places, mooring.address)
    for verb in (("check",), ("backup", str(tmp_path / "backup")), ("gc",)):
        assert "in an object store" in terminal.fails(*verb, *data)
    to_files(mooring.places, mooring.address)
    assert mooring.stage.check().faults == []
    terminal.reads("backup", str(tmp_path / "backup"), *data)
    terminal.reads("gc", *data)


def test_a_large_blob_is_never_whole_in_memory(mooring: Mooring) -> None:
    """It goes there in parts and comes back in blocks."""
    large = Image("team/large", "v1", (bytes(range(256)) * (LARGE // 256),))
    with opened(mooring.places) as stores:
        pushes(stores, large)
    for move in (to_objects, to_files):
        if move is to_files:
            shutil.rmtree(mooring.places.data / "blobs")
        tracemalloc.start()
        try:
            moved = move(mooring.places, mooring.address, quiet)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert moved.copied_bytes > LARGE
        assert peak < MEMORY_BYTES
    with opened(mooring.places) as stores:
        assert pulls(stores, large)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "give --to-blobs or --from-blobs"),
        (("--to-blobs", "s3://a", "--from-blobs", "s3://b"), "give --to-blobs or --from-blobs"),
        (("--take-back", "--to-blobs", "s3://a"), "--take-back moves nothing"),
    ],
)
def test_wrong_command_lines(terminal: Terminal, words: tuple[str, ...], told: str) -> None:
    """Each says what is missing or too much."""
    assert told in terminal.misuses("migrate-blobs", *words)


def test_there_must_be_a_registry(terminal: Terminal, tmp_path: Path) -> None:
    """Nothing is made where there is none; and to take back nothing changes nothing."""
    data = ("--data", str(tmp_path / "no"))
    assert "there is no registry" in terminal.fails("migrate-blobs", "--to-blobs", "s3://a", *data)
    assert not (tmp_path / "no").exists()
    Stage.filled(tmp_path / "data", ())
    terminal.reads("migrate-blobs", "--take-back", "--data", str(tmp_path / "data"))


def test_files_are_not_taken_for_objects(mooring: Mooring) -> None:
    """A registry whose blobs are files has none to be moved back."""
    with pytest.raises(StorageFailed) as refused:
        to_files(mooring.places, mooring.address)
    assert "does not hold the blobs of this registry" in refused.value.detail
    with opened(mooring.places) as stores:
        assert pulls(stores, IMAGES[0])
