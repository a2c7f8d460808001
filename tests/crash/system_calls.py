"""What the kernel was asked for, by `strace`, beside what the shim wrote down. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from tests.crash.write_log import Kind, Record

# Words for `strace`; the file for its lines and the programme follow.
TRACING: Final = ("-f", "-D", "-y", "-s", "4", "-e", "trace=%file,%desc", "-o")

_NAMES_OF: Final[dict[Kind, str]] = {
    Kind.WRITTEN: "write pwrite64 writev pwritev pwritev2 sendfile copy_file_range",
    Kind.SYNCED: "fsync fdatasync",
    Kind.RENAMED: "rename renameat renameat2",
    Kind.REMOVED: "unlink unlinkat rmdir",
    Kind.FOLDER_MADE: "mkdir mkdirat",
    Kind.LINKED: "link linkat",
    Kind.CUT: "truncate ftruncate fallocate",
    Kind.CREATED: "mknod mknodat",
    Kind.NOTHING_PROMISED: (
        "sync_file_range fchmod chmod fchmodat fchmodat2 fchown chown utime utimes utimensat"
    ),
}
_KIND_OF: Final = {name: kind for kind, names in _NAMES_OF.items() for name in names.split()}
_OPEN: Final = frozenset({"open", "openat", "creat"})
_NO_CHANGE: Final = (
    "access chdir close dup dup2 dup3 epoll_ctl execve faccessat faccessat2 fadvise64 fcntl flock "
    "fstat fstatfs getcwd getdents64 inotify_add_watch ioctl lseek lstat newfstatat poll pread64 "
    "preadv preadv2 read readlink readlinkat readv stat statfs statx"
)
_CHANGES_NOTHING: Final = frozenset(_NO_CHANGE.split())
# What is made anew from nothing or from another file, so that what was written may be lost.
_MADE_ANEW: Final = re.compile(r"-shm$")

_LINE: Final = re.compile(r"^\d+\s+(?P<name>\w+)\((?P<words>.*)\)\s+= (?P<result>[-\w]+)")
_UNFINISHED: Final = re.compile(r"^(?P<task>\d+)\s+(?P<begun>\w+\(.*) <unfinished \.\.\.>$")
_RESUMED: Final = re.compile(r"^(?P<task>\d+)\s+<\.\.\. \w+ resumed>(?P<rest>.*)$")
_OPEN_PLACE: Final = re.compile(r"\w+<(?P<open>[^<>]*)>")
_PLACE: Final = re.compile(rf'{_OPEN_PLACE.pattern}|"(?P<named>(?:[^"\\]|\\.)*)"')

_Counts = Counter[tuple[Kind, str]]


@dataclass(frozen=True)
class Call:
    """A call that the kernel answered well.

    Attributes:
        places: whole paths that it was asked with, in order.
    """

    name: str
    words: str
    places: tuple[str, ...]


def calls_in(trace: str) -> Iterator[Call]:
    """The calls that were answered well; those that stand on two lines are put together."""
    begun: dict[str, str] = {}
    for line in trace.splitlines():
        whole = line
        if halved := _UNFINISHED.match(line):
            begun[halved["task"]] = halved["begun"]
            continue
        if (resumed := _RESUMED.match(line)) and resumed["task"] in begun:
            whole = f"{resumed['task']} {begun.pop(resumed['task'])}{resumed['rest']}"
        found = _LINE.match(whole)
        # A write of nothing changes nothing.
        nothing = {"0"} if found and _KIND_OF.get(found["name"]) is Kind.WRITTEN else set()
        if found and not found["result"].startswith("-") and found["result"] not in nothing:
            places = tuple(_places_in(found["words"]))
            if _KIND_OF.get(found["name"]) is Kind.WRITTEN:
                # What stands in quotation marks are bytes.
                places = tuple(place["open"] for place in _OPEN_PLACE.finditer(found["words"]))
            yield Call(found["name"], found["words"], places)


def unseen(
    calls: Iterable[Call],
    records: list[Record],
    folder: str,
    before: Iterable[Record] = (),
) -> list[str]:
    """Every difference between what changed a folder and what was written down of it.

    Args:
        calls: that the kernel answered while the records were made.
        records: what was written down meanwhile.
        folder: its whole path.
        before: what was written down since the folder was made.
    """
    within = f"{folder}/"
    found: set[str] = set()
    kernel: _Counts = Counter()
    # Only an open of what was there before cuts it.
    opens: _Counts = Counter()
    ours = {(record.kind, record.path) for record in [*before, *records]}
    for call in calls:
        places = [place for place in call.places if f"{place}/".startswith(within)]
        if not places or call.name in _CHANGES_NOTHING:
            continue
        path = (call.places[-1] if call.name in _TO_THE_LAST else call.places[0])[len(within) :]
        if call.name in _OPEN:
            found.update(_unseen_open(call, path, ours))
            opens[Kind.CUT, path] += "O_TRUNC" in call.words
        elif call.name == "mmap":
            if _writes_to_a_file(call.words) and not _MADE_ANEW.search(path):
                found.add(f"{path} is written through a mapping, which no call tells of")
        elif call.name in _KIND_OF:
            if places[0] == call.places[0] or call.name in _TO_THE_LAST:
                keeps_size = "FALLOC_FL_KEEP_SIZE" in call.words
                kind = Kind.NOTHING_PROMISED if keeps_size else _KIND_OF[call.name]
                kernel[kind, path] += 1
        else:
            found.add(f"{call.name} of {path}: nobody knows whether that changes anything")
    return sorted(found) + _differences(kernel, _counted(records), opens)


_TO_THE_LAST: Final = frozenset({"rename", "renameat", "renameat2", "copy_file_range", "linkat"})


def _places_in(words: str) -> Iterator[str]:
    """Paths, those that start at an open folder put together."""
    start = ""
    for place in _PLACE.finditer(words):
        if place["open"] is not None:
            if start:
                yield start
            start = place["open"].removesuffix(" (deleted)")
        else:
            named = place["named"]
            yield named if named.startswith("/") or not start else f"{start}/{named}".rstrip("/")
            start = ""
    if start:
        yield start


def _unseen_open(call: Call, path: str, ours: set[tuple[Kind, str]]) -> Iterator[str]:
    made = (Kind.CREATED, path) in ours
    if "O_TMPFILE" in call.words:
        yield f"{path} has a file without a name"
    if ("O_CREAT" in call.words or call.name == "creat") and not made:
        yield f"{path} was made, which the log does not tell"
    if "O_TRUNC" in call.words and not made and (Kind.CUT, path) not in ours:
        yield f"{path} was cut, which the log does not tell"


def _writes_to_a_file(words: str) -> bool:
    return "MAP_SHARED" in words and "PROT_WRITE" in words


def _counted(records: list[Record]) -> _Counts:
    counted: _Counts = Counter()
    for record in records:
        path = record.data.decode() if record.kind is Kind.RENAMED else record.path
        kind = Kind.SYNCED if record.kind is Kind.FOLDER_SYNCED else record.kind
        counted[kind, path] += 1
    return counted


def _differences(kernel: _Counts, log: _Counts, more: _Counts) -> list[str]:
    return [
        f"{kind.name} {path or 'the folder'}: {kernel[kind, path]} by the kernel, "
        f"{log[kind, path]} in the log"
        for kind, path in sorted({*kernel, *log})
        if kind not in {Kind.CREATED, Kind.SYNC_FAILED}
        and not 0 <= log[kind, path] - kernel[kind, path] <= more[kind, path]
    ]
