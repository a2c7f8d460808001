"""Questions that are asked only after a refusal, to tell its causes apart."""

from __future__ import annotations

import contextlib
from typing import Final

from pratique.diagnosis.facts.conversation import Exchange
from pratique.diagnosis.facts.examination import Examination, Outcome
from pratique.diagnosis.machine import Clock
from pratique.diagnosis.walk.pulling import NOBODY, Pull, usable

PAUSE_SECONDS: Final = 1.0
_MOST_TAGS: Final = 1000
_TRANSIENT: Final = frozenset({Outcome.REFUSED, Outcome.MISSING, Outcome.NO_TOKEN})


def ask_on(seen: Examination, pull: Pull, clock: Clock, manifest: str) -> None:
    """Ask what tells the causes of this refusal apart.

    Args:
        seen: the examination so far.
        pull: that was refused.
        clock: of the machine.
        manifest: tag or digest.
    """
    realm = pull.realm
    if realm is not None and pull.credential is not None:
        if seen.identified is None or not seen.identified.token:
            seen.login = realm.ask((), pull.credential).request
        given = realm.ask((pull.scope,), None)
        seen.anonymous = given.request
        if given.token is not None and seen.outcome is Outcome.NO_TOKEN:
            found = pull.repository.manifest("GET", manifest, pull.authorization(given))
            seen.unsigned_manifest = found.exchange
    elif pull.credential is not None and usable(seen.challenges) is not None:
        pull.greet()
        if seen.unsigned_manifest is None:
            seen.unsigned_manifest = pull.repository.manifest("GET", manifest, NOBODY).exchange
    if seen.outcome is Outcome.MISSING or (seen.outcome is Outcome.REFUSED and seen.manifests):
        seen.tags = pull.repository.tags(pull.admitted)
        seen.known_tags = _tags(seen.tags)
    if seen.outcome in _TRANSIENT and not seen.wish.login_only:
        clock.sleep(PAUSE_SECONDS)
        seen.repeated = _again(pull, manifest)


def try_push(seen: Examination, pull: Pull) -> None:
    """Find out whether pushing is allowed; nothing of it stays."""
    scope = pull.scope.replace(":pull", ":pull,push")
    realm = pull.realm
    request = pull.admitted
    if realm is not None:
        given = realm.ask((scope,), pull.credential)
        seen.alone = given.request
        request = pull.authorization(given)
        if seen.wish.mount_from:
            source = f"repository:{seen.wish.mount_from}:pull"
            seen.together = realm.ask((source, scope), pull.credential).request
        if given.token is None:
            return
    seen.push = pull.repository.begin_upload(request)


def _again(pull: Pull, manifest: str) -> Exchange | None:
    request = pull.admitted
    if pull.realm is not None:
        given = pull.realm.ask((pull.scope,), pull.credential)
        if given.token is None:
            return None
        request = pull.authorization(given)
    return pull.repository.manifest("GET", manifest, request).exchange


def _tags(exchange: Exchange) -> tuple[str, ...]:
    if exchange.answer is None or exchange.status != 200:
        return ()
    listed = exchange.answer.object().get("tags")
    with contextlib.suppress(TypeError, LookupError):
        return tuple(str(tag) for tag in (listed or ())[:_MOST_TAGS])
    return ()
