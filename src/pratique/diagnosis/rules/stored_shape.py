"""What rules about stored credentials ask of an examination."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

from pratique.diagnosis.facts.conversation import Sent
from pratique.diagnosis.facts.credentials import Client, Entry, HelperRun, Holding, Origin, Source
from pratique.diagnosis.facts.examination import Examination, Outcome
from pratique.diagnosis.findings import Finding, certain, suspected
from pratique.diagnosis.references import DOCKER_HUB, split_port
from pratique.diagnosis.rules.registries import Kind, kind_of
from pratique.diagnosis.rules.shape import (
    choice,
    credential,
    credential_refused,
    host,
    quoted,
    refusing,
)

HUB_NAMES: Final = frozenset(
    {DOCKER_HUB, "index.docker.io", "registry-1.docker.io", "hub.docker.com", "registry.docker.io"}
)
OF_A_CLUSTER: Final = frozenset({Origin.PULL_SECRET, Origin.KUBELET_FILE, Origin.KUBELET_PLUGIN})
_REFUSALS: Final = frozenset({401, 403})
_PROGRAMS: Final = {Client.DOCKER: "docker", Client.PODMAN: "podman", Client.CONTAINERD: "nerdctl"}


class Telling(Protocol):
    """`certain` or `suspected`."""

    def __call__(
        self,
        cause_id: str,
        words: str,
        *commands: str,
        evidence: tuple[str, ...] | list[str] = (),
        advice: str = "",
    ) -> Finding:
        """The finding."""
        ...


def as_tested(seen: Examination) -> Telling:
    """How to tell of what only matters when the registry refuses: offline nobody has asked it."""
    return suspected if seen.wish.offline else certain


def sends_nothing(seen: Examination) -> bool:
    """Whether the client has no credential to send, and is refused for that (offline: may be)."""
    if seen.credentials is None or choice(seen) is not None:
        return False
    return seen.wish.offline or _is_refusal(seen) or _counted_as_nobody(seen)


def sends_in_vain(seen: Examination) -> bool:
    """Whether the credential that the client sends does not open the image."""
    return credential(seen) is not None and (_is_refusal(seen) or login_refused(seen))


def login_refused(seen: Examination) -> bool:
    """Whether the credential is not accepted at all, by a realm or by a registry without one."""
    if credential(seen) is None:
        return False
    if credential_refused(seen):
        return True
    asked = refusing(seen)
    return asked is not None and asked.sent is Sent.PAIR and asked.status == 401


def _is_refusal(seen: Examination) -> bool:
    if seen.outcome not in {Outcome.REFUSED, Outcome.NO_TOKEN}:
        return False
    if seen.wish.login_only and seen.outcome is Outcome.NO_TOKEN:
        return True
    asked = refusing(seen) or seen.greeting
    return asked is not None and asked is not seen.ping and asked.status in _REFUSALS


def _counted_as_nobody(seen: Examination) -> bool:
    return seen.outcome is Outcome.THROTTLED and kind_of(seen) is Kind.DOCKER_HUB


def by_kubelet(seen: Examination) -> bool:
    """Whether it is a kubelet that pulls; without one, containerd's client reads docker's file."""
    if seen.wish.client is not Client.CONTAINERD:
        return False
    sources = seen.credentials.sources if seen.credentials else ()
    return not any(source.read and source.origin is Origin.DOCKER_FILE for source in sources)


def entries_read(seen: Examination) -> Iterator[tuple[Source, Entry]]:
    """What stands in the sources that the client reads, in its order."""
    for source in seen.credentials.sources if seen.credentials else ():
        if source.read:
            for entry in source.entries:
                yield source, entry


def is_login(entry: Entry) -> bool:
    """Whether an entry has a credential, or a helper or store that has one for its key."""
    helped = entry.holding in {Holding.HELPER, Holding.STORE} and bool(entry.key)
    return entry.credential is not None or helped


def name_in(key: str) -> str:
    """The host of a stored key, without scheme, path and port, in lower case."""
    return split_port(address_in(key))[0].lower()


def address_in(key: str) -> str:
    """Host, and port when there is one, of a stored key."""
    return key.strip().rpartition("://")[2].partition("/")[0].rpartition("@")[2]


def is_for_this_host(seen: Examination, entry: Entry) -> bool:
    """Whether a client would look into an entry for the image's registry."""
    if not entry.key or seen.reference is None or seen.credentials is None:
        return False
    if entry.key == seen.credentials.key or address_in(entry.key) == seen.reference.host:
        return True
    return seen.reference.host == DOCKER_HUB and address_in(entry.key) == "index.docker.io"


def logins_elsewhere(seen: Examination) -> list[str]:
    """Hosts of other registries than the image's for which there is a login, each once."""
    mine = HUB_NAMES if host(seen) == DOCKER_HUB else {name_in(host(seen))}
    found = (
        address_in(entry.key).lower()
        for _, entry in entries_read(seen)
        if entry.key and is_login(entry) and name_in(entry.key) not in mine
    )
    return [each for each in dict.fromkeys(found) if each]


def listed(names: tuple[str, ...] | list[str], most: int = 3) -> str:
    """Names in a sentence, the first few of them; `none` when there are none."""
    shown = [f"`{each}`" for each in names[:most]]
    more = len(names) - len(shown)
    return (", ".join(shown) or "none") + (f" and {more} more" if more else "")


def pull_command(seen: Examination, image: str) -> str:
    """The command that pulls (or pushes) an image of this name."""
    if by_kubelet(seen):
        return f"crictl pull {quoted(image)}"
    return f"{_PROGRAMS[seen.wish.client]} {'push' if seen.wish.push else 'pull'} {quoted(image)}"


def without_member(path: str, member: str, key: str = "") -> str:
    """The command that takes a member out of a JSON file, or one key of that member.

    Args:
        path: of the file.
        member: its name, a plain word.
        key: as it stands in the file; empty for the whole member.
    """
    new = quoted(f"{path}.new")
    what = f"jq --arg key {quoted(key)} 'del(.{member}[$key])'" if key else f"jq 'del(.{member})'"
    return f"(umask 077 && {what} {quoted(path)} > {new} && mv {new} {quoted(path)})"


def _entry_of(seen: Examination, run: HelperRun) -> Entry | None:
    """The line that names a helper: for the key itself before the one for all."""
    sources = seen.credentials.sources if seen.credentials else ()
    lines = [
        entry
        for source in sources
        for entry in source.entries
        if source.name == run.source and entry.helper == run.helper
    ]
    exact = [each for each in lines if each.holding is Holding.HELPER and each.key == run.key]
    return next(iter(exact or [each for each in lines if not each.key]), None)


def helper_named(seen: Examination, run: HelperRun) -> str:
    """The half sentence that says which file leaves the login to which helper."""
    return f"{run.source} leaves the login for `{host(seen)}` to the helper `{run.helper}`"


def helper_taken_out(seen: Examination, run: HelperRun) -> list[str]:
    """The command that takes the line of a helper out of its file; none for other files."""
    entry = _entry_of(seen, run)
    if entry is None or not run.source.endswith(".json"):
        return []
    if entry.holding is Holding.HELPER:
        return [without_member(run.source, "credHelpers", entry.key)]
    return [without_member(run.source, "credsStore")]
