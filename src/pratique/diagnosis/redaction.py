"""What must not stand in a report: secrets never, and names of people unless they are wanted.

Rules put no secret into their words. This is the second net below that: servers and helpers have a
say in evidence, and may repeat what they were sent.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final
from urllib.parse import quote, unquote

from pratique.diagnosis.facts.credentials import Credential
from pratique.diagnosis.facts.examination import Examination
from pratique.diagnosis.findings import plain
from pratique.diagnosis.machine import Machine

HIDDEN: Final = "[hidden]"
USER: Final = "[user]"
_SHORTEST_SECRET: Final = 4
# So much of a secret that was cut off is taken out as well.
_SHORTEST_PART: Final = 8
_SHORTEST_NAME: Final = 3
_MOST_LAYERS: Final = 4
_ESCAPES: Final = re.compile(r"[\\%&]")
# Names that say what kind of login it is, and nothing of whose.
_COMMON_NAMES: Final = frozenset(
    {
        "AWS",
        "oauth2accesstoken",
        "_json_key",
        "_json_key_base64",
        "gitlab-ci-token",
        "00000000-0000-0000-0000-000000000000",
        "$app",
        "$token",
        "$oauthtoken",
        "token",
        "root",
        "robot",
        "<token>",
    }
)
_LOOKS_SECRET: Final = (
    re.compile(r"(?i)\b(Basic|Bearer)\s+[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"),
    re.compile(r"(?<=://)[^/\s@]{1,512}@"),
    re.compile(r"\b(?:gh[pousr]_|github_pat_|glpat-|dckr_pat_)[A-Za-z0-9_-]{8,}"),
    # As programmes write it that print what they were given; not a placeholder of a command.
    re.compile(
        r"(?i:(?<=password)|(?<=passwd)|(?<=secret)|(?<=token)|(?<=apikey)|(?<=api_key))"
        r"(?:\s?=|[\"']\s?:|:\s?(?=\S*[0-9]))\s?[\"']?(?!//|\$|[A-Z_-]+(?![^\s\"']))"
        r"[^\s\"'`,;&]{6,}"
    ),
)
_PROXIES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY")
_LOGIN = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://)?[^/@:]*:(.*)@")
# Such a text is the same in addresses, in JSON and in HTML.
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]+")


_CUTS: Final = frozenset({"", "\u2026", "`", '"', "'", "\n", ")", "\u201d"})


class Redaction:
    """Takes out of texts what must not be there.

    Args:
        secrets: that must never be shown, in whatever form.
        names: of people, for which `[user]` is put.
        home: a folder, for which `~` is put; empty for none.
    """

    def __init__(self, secrets: Iterable[str], names: Iterable[str] = (), home: str = "") -> None:
        hidden = {form for secret in secrets for form in _forms(secret)}
        # The longest first: what holds another secret is taken out as a whole.
        self._secrets = sorted(hidden, key=len, reverse=True)
        self._begins = {form[:_SHORTEST_PART] for form in hidden}
        self._names = _any_of(
            {name for name in names if len(name) >= _SHORTEST_NAME and name not in _COMMON_NAMES},
            whole=True,
        )
        self._home = home.rstrip("/")

    def clean(self, text: str) -> str:
        """`text` without them."""
        begun = {begin for begin in self._begins if begin in text}
        if begun:
            near = [form for form in self._secrets if form[:_SHORTEST_PART] in begun]
            for form in near:
                text = text.replace(form, HIDDEN)
            for form in near:
                text = _without_beginning(text, form)
        if _ESCAPES.search(text) is not None and self._is_held_by(text):
            # Encoded more than once: what cannot be cut out is left out with what is around it.
            words = text.split(" ")
            text = " ".join(HIDDEN if self._is_held_by(word) else word for word in words)
            text = HIDDEN if self._is_held_by(text) else text
        for pattern in _LOOKS_SECRET:
            text = pattern.sub(HIDDEN, text)
        if self._home and self._home != "/root":
            text = text.replace(f"{self._home}/", "~/")
        if self._names is not None:
            text = self._names.sub(USER, text)
        return text

    def _is_held_by(self, text: str) -> bool:
        plainer = _decoded(text)
        return any(secret in plainer for secret in self._plainer)

    @cached_property
    def _plainer(self) -> frozenset[str]:
        decoded = {_decoded(form) for form in self._secrets}
        return frozenset(text for text in decoded if len(text) >= _SHORTEST_PART)


def redaction_of(seen: Examination, machine: Machine, *, names: bool) -> Redaction:
    """What must not stand in the report of an examination.

    Args:
        seen: what was read and heard.
        machine: on which.
        names: whether names of people are left out as well.
    """
    secrets = [*_secrets_in(seen), *_secrets_of(machine)]
    if not names:
        return Redaction(secrets)
    people = {each.username for each in _credentials_in(seen)} | {machine.user}
    people.add(seen.place.sudo_user)
    return Redaction(secrets, people, machine.home)


def _any_of(texts: set[str], *, whole: bool = False) -> re.Pattern[str] | None:
    listed = "|".join(re.escape(text) for text in sorted(texts, key=len, reverse=True))
    if not listed:
        return None
    return re.compile(rf"(?<![A-Za-z0-9])(?:{listed})(?![A-Za-z0-9])" if whole else listed)


def _decoded(text: str) -> str:
    """A text without the escapes of addresses, HTML and quoted strings, however many there are."""
    for _ in range(_MOST_LAYERS):
        plainer = html.unescape(unquote(text)).replace("\\", "")
        if plainer == text:
            break
        text = plainer
    return text.replace('"', "").replace("'", "")


def _without_beginning(text: str, secret: str) -> str:
    """`text` without the beginning of a secret whose rest was cut off."""
    begin = secret[:_SHORTEST_PART]
    at = text.find(begin) if len(secret) > _SHORTEST_PART else -1
    while at >= 0:
        end = at + _SHORTEST_PART
        while end < len(text) and text[end] == secret[end - at]:
            end += 1
        if text[end : end + 1] in _CUTS:
            text = text[:at] + HIDDEN + text[end:]
        at = text.find(begin, at + 1)
    return text


def _forms(secret: str) -> Iterator[str]:
    """The forms in which a secret travels: as it is, in addresses, in JSON, and in base64."""
    if len(secret) < _SHORTEST_SECRET:
        return
    yield secret
    if _PLAIN.fullmatch(secret) is None:
        for text in _as_read(secret):
            yield from _escaped(text)
    raw = secret.encode("utf-8", "replace")
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw).decode("ascii")
        # What stands before and behind it has a say in the first and last character.
        inner = encoded[-(-8 * before // 6) : 8 * (before + len(raw)) // 6]
        if len(inner) >= _SHORTEST_PART:
            yield from (inner, inner.replace("+", "-").replace("/", "_"))


def _as_read(secret: str) -> set[str]:
    """A secret as others may have read it: its bytes in another encoding, without its blanks."""
    other = secret.encode("utf-8", "replace").decode("latin-1")
    texts = {secret, other, " ".join(secret.split())}
    texts |= {"".join(filter(str.isprintable, text)) for text in (secret, other)}
    return texts | {plain(text) for text in texts}


def _escaped(text: str) -> Iterator[str]:
    for form in (repr(text)[1:-1], json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)):
        written = form.strip('"')
        # A quoted string may be quoted once more; its reader takes the backslashes away.
        again = written.replace("\\", "\\\\")
        yield from (written, again, again.replace('"', '\\"'), written.replace("\\", ""))
    yield from (text, html.escape(text))
    once = quote(text, safe="", errors="replace")
    # A realm in a query is encoded with what is encoded in it.
    yield from (once, quote(once, safe=""), quote(text, errors="replace"))
    yield from (once.replace("%20", "+"), once.lower())


def _credentials_in(seen: Examination) -> Iterator[Credential]:
    if seen.credentials is not None:
        for source in seen.credentials.sources:
            yield from (each.credential for each in source.entries if each.credential is not None)
        others = (*seen.credentials.near, *seen.credentials.elsewhere)
        for _, entry in (*others, *seen.credentials.overridden):
            if entry.credential is not None:
                yield entry.credential
        yield from (each.credential for each in seen.credentials.helpers if each.credential)
        if seen.credentials.choice is not None:
            yield seen.credentials.choice.credential
    if seen.kubernetes is not None:
        for secret in seen.kubernetes.found:
            yield from (each.credential for each in secret.entries if each.credential is not None)


def _secrets_in(seen: Examination) -> Iterator[str]:
    for credential in _credentials_in(seen):
        yield credential.secret.reveal()
        if credential.secret:
            yield f"{credential.username}:{credential.secret.reveal()}"
            yield f"{quote(credential.username)}:{quote(credential.secret.reveal(), safe='')}"
        for token in (credential.identity_token, credential.registry_token):
            if token is not None:
                yield token.reveal()
    for exchange in seen.exchanges:
        found = exchange.answer.object() if exchange.answer and exchange.status == 200 else {}
        for name in ("token", "access_token", "refresh_token"):
            if isinstance(found.get(name), str):
                yield found[name]
    proxies = seen.settings.proxies
    for value in (*proxies.shell.values(), *(proxies.daemon or {}).values()):
        yield from _login_in(value)
    for mirror in seen.settings.mirrors:
        yield from _login_in(mirror.url)


def _secrets_of(machine: Machine) -> Iterator[str]:
    for name in _PROXIES:
        yield from _login_in(machine.environment.get(name, ""))


def _login_in(address: str) -> Iterator[str]:
    """The password that stands in an address."""
    found = _LOGIN.match(address)
    if found is not None:
        yield from (found[1], unquote(found[1]))
