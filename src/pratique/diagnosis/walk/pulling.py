"""From the challenge to the first byte of a layer, as the client in question goes."""

from __future__ import annotations

from collections.abc import Sequence

from pratique.diagnosis.facts.conversation import Challenge, Exchange, Sent
from pratique.diagnosis.facts.credentials import Client, Credential
from pratique.diagnosis.facts.examination import Examination, ManifestRequest, Outcome
from pratique.diagnosis.machine import Clock
from pratique.diagnosis.network.connections import basic
from pratique.diagnosis.network.requests import Request, Requests
from pratique.diagnosis.protocol.challenges import read_challenges
from pratique.diagnosis.protocol.manifests import Repository, image_for, smallest_blob
from pratique.diagnosis.protocol.tokens import Given, Realm
from pratique.diagnosis.references import Reference
from pratique.diagnosis.secret import Secret
from pratique.diagnosis.walk.progress import Progress

NOBODY = Request("GET", "")


class Pull:
    """A pull, step by step.

    Args:
        requests: sends them.
        clock: of the machine.
        seen: where to note what was seen; its registry has been reached.
        reference: of the image.
        progress: of the walk.
    """

    def __init__(
        self,
        requests: Requests,
        clock: Clock,
        seen: Examination,
        reference: Reference,
        progress: Progress,
    ) -> None:
        self._requests = requests
        self._clock = clock
        self._seen = seen
        self._reference = reference
        self._progress = progress
        assert seen.registry is not None  # noqa: S101 - the approach sets it
        self._url = seen.registry.url
        self.repository = Repository(requests, self._url, reference.repository)
        choice = seen.credentials.choice if seen.credentials else None
        self.credential = _sent_by(seen.wish.client, choice.credential if choice else None)
        self.realm: Realm | None = None
        self.admitted = NOBODY

    @property
    def scope(self) -> str:
        """What a pull asks the realm for."""
        return f"repository:{self._reference.repository}:pull"

    def enter(self) -> bool:
        """Get what the manifest will be asked with; whether there is any use in asking."""
        challenge = usable(self._seen.challenges)
        if challenge is None:
            return self._without_challenge()
        if challenge.scheme == "basic":
            self.admitted = self.as_pair()
            who = "the user name and password" if self.credential else "nothing"
            self._progress.note("be admitted", f"Basic: {who} will be sent", well=True)
            return True
        return self._with_token(challenge)

    def manifest(self) -> bool:
        """Ask for the manifest, and for that of this platform; whether all of it is there."""
        seen = self._seen
        head = self.repository.manifest("HEAD", self._reference.manifest, self.admitted)
        seen.manifests = (head,)
        found = self.repository.manifest("GET", self._reference.manifest, self.admitted)
        seen.manifests += (found,)
        if not self._came(found):
            return False
        if found.platforms:
            return self._for_platform(found)
        self._progress.note("get the manifest", found.media_type, well=True)
        return True

    def blob(self) -> None:
        """Ask for the first byte of a layer."""
        seen = self._seen
        answer = seen.manifests[-1].exchange.answer
        digest = smallest_blob(answer) if answer else ""
        if not digest:
            # All of it may be kept elsewhere, or be named as in schema 1; or it is no image at all.
            last = seen.manifests[-1]
            content = answer.object() if answer else {}
            whole = bool(last.foreign_hosts) or "fsLayers" in content or "manifests" in content
            seen.outcome = Outcome.GRANTED if whole else Outcome.NOT_A_REGISTRY
            return
        asked = self.repository.blob(digest, self.admitted)
        seen.blobs = (asked,)
        came = asked.last.status in {200, 206}
        seen.outcome = Outcome.GRANTED if came else Outcome.BROKEN
        self._progress.note("get a layer", _came_of(asked.last), well=came)

    def greet(self) -> None:
        """Ask `/v2/` with the user name and password, for registries without tokens."""
        seen = self._seen
        asked = self.as_pair()
        seen.greeting = self._requests.send(
            Request("GET", f"{self._url}/v2/", asked.authorization, asked.sent)
        )
        well = seen.greeting.status == 200
        if seen.wish.login_only:
            seen.outcome = Outcome.GRANTED if well else Outcome.REFUSED
        self._progress.note("log in", _came_of(seen.greeting), well=well)

    def authorization(self, given: Given) -> Request:
        """What a request has with it that uses this token."""
        if given.token is None:
            return NOBODY
        return Request("GET", "", f"Bearer {given.token.reveal()}", Sent.BEARER)

    def as_pair(self) -> Request:
        """What a request has with it that sends the user name and password."""
        if self.credential is None or self.credential.identity_token is not None:
            return NOBODY
        pair = Secret(f"{self.credential.username}:{self.credential.secret.reveal()}")
        return Request("GET", "", basic(pair.reveal()), Sent.PAIR)

    def make_realm(self, challenge: Challenge) -> Realm:
        """Where this challenge sends the client."""
        return Realm(
            self._requests,
            self._clock,
            challenge,
            self._seen.wish.client,
            registry_is_secure=self._url.startswith("https:"),
            repository=self._reference.repository,
        )

    def _with_token(self, challenge: Challenge) -> bool:
        seen = self._seen
        self.realm = self.make_realm(challenge)
        scopes = () if seen.wish.login_only else (self.scope,)
        given = self.realm.ask(scopes, self.credential)
        if self.credential is None:
            seen.anonymous = given.request
        else:
            seen.identified = given.request
        self.admitted = self.authorization(given)
        who = "as nobody" if self.credential is None else "with the credential"
        words = f"{who}: {_came_of(given.request.last)}"
        self._progress.note("get a token", words, well=given.token is not None)
        if given.token is None:
            throttled = given.request.last.status == 429
            seen.outcome = Outcome.THROTTLED if throttled else Outcome.NO_TOKEN
        return given.token is not None

    def _without_challenge(self) -> bool:
        seen = self._seen
        if seen.ping is not None and seen.ping.status == 401:
            seen.outcome = Outcome.REFUSED
            self._progress.note("read the challenge", "there is none to follow", well=False)
            return False
        # `/v2/` is open. Docker then never sends a credential; the others follow the challenge of
        # the manifest itself.
        asked = self.repository.manifest("GET", self._reference.manifest, NOBODY).exchange
        seen.unsigned_manifest = asked
        challenges = read_challenges(asked.answer.every("www-authenticate")) if asked.answer else ()
        challenge = usable(challenges)
        if asked.status != 401 or challenge is None:
            return True
        if seen.wish.client is Client.DOCKER:
            self._as_others_would(challenge)
            return True
        seen.challenges = challenges
        return self.enter()

    def _as_others_would(self, challenge: Challenge) -> None:
        if self.credential is None:
            return
        request = self.as_pair()
        if challenge.scheme == "bearer":
            request = self.authorization(
                self.make_realm(challenge).ask((self.scope,), self.credential)
            )
        found = self.repository.manifest("GET", self._reference.manifest, request)
        self._seen.identified_manifest = found.exchange

    def _came(self, found: ManifestRequest) -> bool:
        seen, answer = self._seen, found.exchange.answer
        if found.exchange.status == 200:
            if not found.is_manifest:
                seen.outcome = Outcome.NOT_A_REGISTRY
                self._progress.note("get the manifest", "what came is none", well=False)
                return False
            if found.digest_matches is False:
                seen.outcome = Outcome.BROKEN
                self._progress.note("get the manifest", "it is another than its digest", well=False)
                return False
            return True
        seen.outcome = _outcome(found.exchange)
        if answer is not None:
            seen.refusal_challenges = read_challenges(answer.every("www-authenticate"))
        self._progress.note("get the manifest", _came_of(found.exchange), well=False)
        return False

    def _for_platform(self, index: ManifestRequest) -> bool:
        seen = self._seen
        answer = index.exchange.answer
        digest = image_for(answer, wanted_platform(seen)) if answer else ""
        if not digest:
            seen.outcome = Outcome.NO_PLATFORM
            self._progress.note("find the platform", "the index does not have it", well=False)
            return False
        found = self.repository.manifest("GET", digest, self.admitted)
        seen.manifests += (found,)
        if not self._came(found):
            return False
        self._progress.note("get the manifest", "that of this platform", well=True)
        return True


def _sent_by(client: Client, credential: Credential | None) -> Credential | None:
    # containerd asks as nobody when there is a user name without a secret.
    bare = credential is not None and not credential.secret and not credential.identity_token
    return None if bare and client is Client.CONTAINERD else credential


def usable(challenges: Sequence[Challenge]) -> Challenge | None:
    """The challenge that a client follows: Bearer with a realm before Basic."""
    for challenge in challenges:
        if challenge.scheme == "bearer" and challenge.realm.lower().startswith(("http:", "https:")):
            return challenge
    return next((challenge for challenge in challenges if challenge.scheme == "basic"), None)


def wanted_platform(seen: Examination) -> tuple[str, str, str]:
    """Operating system, architecture and variant that are looked for."""
    if not seen.wish.platform:
        return seen.place.system, seen.place.architecture, seen.place.variant
    parts = [*seen.wish.platform.split("/"), "", ""]
    return parts[0], parts[1], parts[2]


def _outcome(exchange: Exchange) -> Outcome:
    if exchange.answer is None:
        return Outcome.UNREACHABLE
    if exchange.status == 404:
        return Outcome.MISSING
    if exchange.status == 429:
        return Outcome.THROTTLED
    if exchange.status in {301, 302, 307, 308} or exchange.status >= 500:
        return Outcome.BROKEN
    return Outcome.REFUSED


def _came_of(exchange: Exchange) -> str:
    if exchange.failure is not None:
        return exchange.failure.why.value
    return f"answered {exchange.status}"
