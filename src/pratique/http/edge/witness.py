"""The witness: what of an answered request goes into the audit log, and in which words.

Written down are sign-ins, everything that changes content, and whatever was refused; pulls where
that is wanted. Changes of law, directory and settings are not written down here but with the change
itself. What was merely read, and the challenge with which every client begins, is no news.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pratique.access import Anonymous, Denied
from pratique.admission import NOBODY, Caller
from pratique.admission.account import caller_key, resource_text, word_of
from pratique.admission.audit import Auditor, Entry
from pratique.admission.audit.entries import told
from pratique.http.edge.entrance import Arrival
from pratique.http.wire.messages import Request, Response

PartsOf = Callable[[str, str], Mapping[str, str]]

_PULL: Final = "get_manifest"
CHANGING: Final = {
    "put_manifest": "Push",
    "delete_manifest": "Delete",
    "delete_blob": "DeleteBlob",
    "open_upload": "PushBlob",
    "finish_upload": "PushBlob",
    "delete_tag": "Untag",
    "delete_repository": "DeleteRepository",
    "change_repository": "UpdateRepository",
    "change_tag": "UpdateTag",
    "change_manifest": "UpdateManifest",
}
"""Rows of the data plane that change content, with the word for it; ACR's where it has one."""
PASSING: Final = frozenset({"append_to_upload", "cancel_upload"})
"""Rows that change but an upload in the making, which nobody can read."""
READING: Final = {
    _PULL: "Pull",
    "get_blob": "Pull",
    "get_referrers": "Pull",
    "get_upload": "Push",
    "append_to_upload": "Push",
    "cancel_upload": "Push",
    "list_tags": "List",
    "list_catalog": "List",
    "list_tag_objects": "List",
    "list_manifest_objects": "List",
    "get_tag": "List",
    "get_manifest_object": "List",
    "get_repository": "List",
}
"""All others, with the word for a refusal."""
_WORDS: Final = {**CHANGING, **READING}
_CONTROL: Final = frozenset({"management", "arm"})
_OK: Final = 200
_ACCEPTED: Final = 202
_REFUSED_FROM: Final = 400
_NO_ANSWER: Final = 500
_AGENT_LENGTH: Final = 256


class Witness:
    """Hands entries to the auditor.

    Args:
        auditor: takes them.
        parts_of: the parts of a path of the data plane, by method and path.
    """

    def __init__(self, auditor: Auditor, parts_of: PartsOf) -> None:
        self._auditor = auditor
        self._parts_of = parts_of

    def answered(
        self, arrival: Arrival, row: str, response: Response | None, seconds: float
    ) -> None:
        """A request was answered, or could not be. Never waits, never raises.

        Args:
            arrival: the request.
            row: of the table that answers it; empty for none.
            response: with what; None when there is none.
            seconds: how long it took.
        """
        facts = arrival.facts
        happened = facts.refused is not None or facts.signed_in or facts.failed
        if not happened and row not in CHANGING and not (row == _PULL and self._auditor.pulls):
            return
        status = _NO_ANSWER if response is None else response.status
        elsewhere = row not in _CONTROL and row not in _WORDS
        if row in _CONTROL and facts.refused is not None:
            self._note_refused_change(arrival, facts.refused, status, seconds)
        elif row in _WORDS and facts.caller is not None and self._is_news(arrival, row, status):
            self._note_content(arrival, row, response, status, seconds)
        if facts.failed or facts.signed_in or (facts.refused is not None and elsewhere):
            # Whoever signed in has, whatever became of what they came for.
            came_in = not elsewhere and not facts.failed
            self._note_login(arrival, _OK if came_in else status, seconds)

    def _is_news(self, arrival: Arrival, row: str, status: int) -> bool:
        if arrival.facts.refused is not None:
            return True
        if row == _PULL:
            return self._auditor.pulls
        # An upload that was opened is no content yet.
        return row in CHANGING and (row, status) != ("open_upload", _ACCEPTED)

    def _note_login(self, arrival: Arrival, status: int, seconds: float) -> None:
        facts, base = arrival.facts, self._base(arrival, status, seconds)
        refused = facts.refused

        def making() -> Entry:
            why = facts.failed or facts.signed_in
            if refused is not None and status >= _REFUSED_FROM and not facts.failed:
                why = f"{_asked(refused)}: {refused.reason}"
            return Entry(category="login", operation="Login", description=why, **base())

        self._auditor.note("login", making, refused=status >= _REFUSED_FROM)

    def _note_refused_change(
        self, arrival: Arrival, refused: Denied, status: int, seconds: float
    ) -> None:
        base = self._base(arrival, status, seconds)

        def making() -> Entry:
            return Entry(
                category="change",
                operation=word_of(refused.question.action),
                description=f"{_asked(refused)}: {refused.reason}",
                **base(),
            )

        self._auditor.note("change", making, refused=True)

    def _note_content(
        self, arrival: Arrival, row: str, response: Response | None, status: int, seconds: float
    ) -> None:
        base, request = self._base(arrival, status, seconds), arrival.request
        refused = arrival.facts.refused
        detail = arrival.facts.detail if refused is None else str(refused.reason)
        headers = [] if response is None else list(response.headers)
        size = 0 if response is None else len(response.body)

        def making() -> Entry:
            content = _content(request, row, self._parts_of(request.method, request.path), headers)
            if row == _PULL and refused is None:
                content["size"] = size
            if detail:
                content["description"] = told(detail)
            return Entry(category="repository", **content, **base())

        self._auditor.note("repository", making, refused=status >= _REFUSED_FROM)

    def _base(self, arrival: Arrival, status: int, seconds: float) -> Callable[[], dict[str, Any]]:
        """Makes what every entry holds, when it is written."""
        auditor, facts, request = self._auditor, arrival.facts, arrival.request
        at, seen = auditor.clock(), facts.concerned or arrival.snapshot
        server = arrival.front.service
        if facts.concerned is not None:
            server = facts.concerned.registry.login_server or server
        registry = str(seen.registry.scope) if seen.registry_id else ""

        def base() -> dict[str, Any]:
            caller = facts.caller or _caller_of(facts.refused)
            kind, caller_id = ("", "") if caller is None else caller_key(caller.subject)
            return {
                "entry_id": auditor.new_id(),
                "at": at,
                "status": status,
                "identity": "" if caller is None else told(caller.name),
                "caller_kind": kind,
                "caller_id": caller_id,
                "client": told(request.client),
                "agent": told(request.header("user-agent") or "", _AGENT_LENGTH),
                "correlation": facts.decision_id,
                "duration_ms": round(seconds * 1000),
                "server": server,
                "registry": registry,
            }

        return base


def _content(
    request: Request, row: str, parts: Mapping[str, str], headers: list[tuple[str, str]]
) -> dict[str, Any]:
    """What was done to which content."""
    answered = dict(headers)
    reference = parts.get("reference", "")
    by_digest = ":" in reference
    tag = parts.get("tag", "" if by_digest else reference)
    operation, description = _WORDS[row], ""
    if row == "delete_manifest" and not by_digest:
        operation = "Untag"
    if row == "put_manifest" and by_digest:
        tag = ",".join(value for name, value in headers if name == "oci-tag")
    if row == "open_upload" and "mount=" in request.query:
        operation, description = "Mount", _source(request)
    sent, pushed = request.header("content-type") or "", row == "put_manifest"
    return {
        "operation": operation,
        "description": description,
        "repository": told(parts.get("name", "")),
        "tag": told(tag),
        "digest": told(
            answered.get("docker-content-digest", "")
            or parts.get("digest", reference if by_digest else "")
        ),
        "media_type": told(sent if pushed else answered.get("content-type", "") * (row == _PULL)),
        "size": (request.content_length or 0) if row in CHANGING else 0,
    }


def _source(request: Request) -> str:
    source = request.parameter("from")
    return told(f"from {source}") if source else ""


def _asked(refused: Denied) -> str:
    question = refused.question
    return f"{word_of(question.action)} on {resource_text(question.resource)}"


def _caller_of(refused: Denied | None) -> Caller | None:
    """Who was refused something without having shown anything."""
    if refused is not None and isinstance(refused.question.subject, Anonymous):
        return NOBODY
    return None
