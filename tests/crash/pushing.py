"""A client that pushes in every way there is, and writes down what it was told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any, Final

import httpx
from tests.crash.history import ABSENT, History, Key, Value

from pratique.testing.content_builders import image

MANIFEST_TYPE: Final = "application/vnd.oci.image.manifest.v1+json"
TAGS: Final = tuple(f"t{number}" for number in range(5))
MOST_MANIFESTS: Final = 8
SIZES: Final = (0, 200, 5_000, 70_000, 300_000)


class Unsure(Exception):
    """No answer came, or one that leaves open what happened."""


def digest_of(content: bytes) -> str:
    """The digest that content goes by."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Pusher:
    """One client with a repository of its own.

    Attributes:
        failures: answers from 500 on that it got.
        manifests: those that it pushed and did not delete, by digest.

    Args:
        url: of the server.
        login: user name and password.
        repository: that nobody else writes to.
        history: takes in what is asked and answered.
        now: the point that an event is noted at.
        chance: what it does.
        others: repositories that blobs are mounted from.
    """

    def __init__(
        self,
        url: str,
        login: tuple[str, str],
        repository: str,
        history: History,
        now: Callable[[], int],
        chance: Random,
        others: tuple[str, ...] = (),
    ) -> None:
        self.failures: list[httpx.Response] = []
        self.manifests: dict[str, bytes] = {}
        self._http = httpx.Client(
            base_url=url, auth=login, timeout=60, trust_env=False, follow_redirects=False
        )
        self._repository = repository
        self._history = history
        self._now = now
        self._chance = chance
        self._others = others
        self._blobs: list[bytes] = []

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def go_on(self) -> None:
        """Believe what the history has been told of the store meanwhile."""
        self.manifests = {
            digest: content
            for digest, content in self.manifests.items()
            if self._history.allowed(self._manifest(digest), self._now()) == {True}
        }

    def step(self) -> None:
        """Do one thing.

        Raises:
            Unsure: it may or may not have been done.
        """
        steps = [self.push_image] * 5 + [self._retag, self._untag, self._break_off, self._cancel]
        if len(self.manifests) >= MOST_MANIFESTS:
            steps += [self._delete] * 8
        self._chance.choice(steps)()

    def steps(self, number: int) -> list[httpx.Response]:
        """Do so many things, and give the answers of a server that failed.

        Raises:
            Unsure: no answer came.
        """
        before = len(self.failures)
        for _ in range(number):
            known = len(self.failures)
            try:
                self.step()
            except Unsure:
                if len(self.failures) == known:
                    raise
        return self.failures[before:]

    def push_image(self) -> None:
        """Push blobs, then a manifest under a tag, or under its digest with tags."""
        layers = [self._content() for _ in range(self._chance.randint(1, 3))]
        config = json.dumps({"n": self._chance.random()}).encode()
        for content in dict.fromkeys((config, *layers)):
            self._push_blob(content)
        manifest = image(layers, config)
        self._put(manifest, self._chance.choice(TAGS))

    def push_loose(self, number: int) -> None:
        """Push so many blobs that no manifest needs.

        Raises:
            Unsure: it may or may not have been done.
        """
        for _ in range(number):
            content = str(self._chance.random()).encode()
            self._at_once(content, digest_of(content))

    def _content(self) -> bytes:
        if self._blobs and self._chance.random() < 0.3:
            return self._chance.choice(self._blobs)
        # The same bytes are pushed to several repositories now and then.
        shared = self._chance.random() < 0.3
        seed = f"shared{self._chance.randrange(20)}" if shared else str(self._chance.random())
        content = hashlib.shake_128(seed.encode()).digest(self._chance.choice(SIZES))
        self._blobs = [content, *self._blobs[:10]]
        return content

    def _push_blob(self, content: bytes) -> None:
        digest = digest_of(content)
        found = self._ask("HEAD", f"blobs/{digest}")
        if found.status_code == 200:
            return
        ways = [self._at_once, self._in_one, self._in_chunks]
        if self._others:
            ways.append(self._mounted)
        self._chance.choice(ways)(content, digest)

    def _at_once(self, content: bytes, digest: str) -> None:
        with self._changed({self._blob(digest): True}):
            self._expect(201, "POST", "blobs/uploads/", params={"digest": digest}, content=content)

    def _in_one(self, content: bytes, digest: str) -> None:
        self._finish(self._open(), content, digest)

    def _in_chunks(self, content: bytes, digest: str) -> None:
        place = self._open()
        size = max(1, len(content) // self._chance.randint(1, 4))
        sent = 0
        while sent < len(content) and self._chance.random() < 0.9:
            place = self._append(place, content[sent : sent + size], sent)
            sent = min(len(content), sent + size)
        self._finish(place, content[sent:], digest)

    def _mounted(self, content: bytes, digest: str) -> None:
        asked = {"mount": digest, "from": self._chance.choice(self._others)}
        with self._changed({self._blob(digest): True}) as undone:
            answer = self._ask("POST", "blobs/uploads/", params=asked)
            if answer.status_code != 201:
                undone()
        if answer.status_code == 202:
            self._finish(answer.headers["location"], content, digest)

    def _open(self) -> str:
        return str(self._expect(202, "POST", "blobs/uploads/").headers["location"])

    def _append(self, place: str, chunk: bytes, start: int) -> str:
        sent = {"content-range": f"{start}-{start + len(chunk) - 1}"}
        answer = self._expect(202, "PATCH", place, content=chunk, headers=sent)
        return str(answer.headers["location"])

    def _finish(self, place: str, rest: bytes, digest: str) -> None:
        with self._changed({self._blob(digest): True}):
            try:
                self._expect(201, "PUT", place, params={"digest": digest}, content=rest)
            except Unsure:
                # Some clients send the same once more, and believe an answer that is well.
                again = self._ask("PUT", place, params={"digest": digest}, content=rest)
                if again.status_code != 201:
                    raise

    def _put(self, manifest: bytes, tag: str) -> None:
        digest = digest_of(manifest)
        self.manifests[digest] = manifest
        by_digest = self._chance.random() < 0.2
        wanted: dict[Key, Value] = {self._manifest(digest): True, self._tag(tag): digest}
        with self._changed(wanted):
            self._expect(
                201,
                "PUT",
                f"manifests/{digest if by_digest else tag}",
                params={"tag": tag} if by_digest else {},
                content=manifest,
                headers={"content-type": MANIFEST_TYPE},
            )

    def _retag(self) -> None:
        if self.manifests:
            digest = self._chance.choice(sorted(self.manifests))
            if self._history.allowed(self._manifest(digest), self._now()) == {True}:
                self._put(self.manifests[digest], self._chance.choice(TAGS))

    def _untag(self) -> None:
        tag = self._chance.choice(TAGS)
        with self._changed({self._tag(tag): ABSENT}):
            self._expect((202, 404), "DELETE", f"manifests/{tag}")

    def _delete(self) -> None:
        digest = self._chance.choice(sorted(self.manifests))
        gone: dict[Key, Value] = {self._manifest(digest): ABSENT}
        for tag in TAGS:
            leads_to = self._history.allowed(self._tag(tag), self._now())
            if leads_to == {digest}:
                gone[self._tag(tag)] = ABSENT
            elif digest in leads_to:
                # It stays where it leads to another one, to which it was moved or not.
                self._history.may_go(self._tag(tag), self._now())
        with self._changed(gone):
            self._expect((202, 404), "DELETE", f"manifests/{digest}")
        del self.manifests[digest]

    def _break_off(self) -> None:
        content = self._content()
        if content:
            self._append(self._open(), content, 0)

    def _cancel(self) -> None:
        self._expect(204, "DELETE", self._open())

    def _manifest(self, digest: str) -> Key:
        return Key("manifest", self._repository, digest)

    def _tag(self, tag: str) -> Key:
        return Key("tag", self._repository, tag)

    def _blob(self, digest: str) -> Key:
        return Key("blob", self._repository, digest)

    @contextmanager
    def _changed(self, wanted: dict[Key, Value]) -> Iterator[Callable[[], None]]:
        """Changes that are acknowledged when the body ends well, unless it says otherwise."""
        begun = self._now()
        changes = [self._history.begin(key, value, begun) for key, value in wanted.items()]
        refused = False

        def undone() -> None:
            nonlocal refused
            refused = True

        yield undone
        ended = self._now()
        for change in changes:
            change.ended = ended
            change.refused = refused

    def _expect(self, status: int | tuple[int, ...], *request: str, **more: Any) -> httpx.Response:
        expected = (status,) if isinstance(status, int) else status
        answer = self._ask(*request, **more)
        if answer.status_code not in expected:
            raise AssertionError(
                f"{request} was answered with {answer.status_code}: {answer.text[:300]}"
            )
        return answer

    def _ask(self, method: str, place: str, **more: Any) -> httpx.Response:
        address = place if place.startswith("/") else f"/v2/{self._repository}/{place}"
        try:
            answer = self._http.request(method, address, **more)
        except httpx.TransportError as error:
            raise Unsure(f"{method} {address}: {error!r}") from error
        if answer.status_code >= 500:
            self.failures.append(answer)
            raise Unsure(f"{method} {address}: {answer.status_code} {answer.text[:300]}")
        return answer
