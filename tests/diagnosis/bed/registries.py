"""A registry and its token server as one script, honest until a case bends it."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from tests.diagnosis.bed.content import Content, digest_of
from tests.diagnosis.bed.servers import Asked, Reply, Site
from tests.diagnosis.bed.signing import signed, verified
from tests.diagnosis.bed.wording import Words

from pratique.assembly import now

_RESOURCE = re.compile(
    r"/v2/(?P<name>.+)/(?P<kind>manifests|blobs|tags)/(?P<rest>uploads/.*|list|[^/]+)"
)
_LEEWAY_SECONDS = 60
__all__ = ["ANY", "NOBODY", "Account", "Bend", "Registry", "on", "signed"]

Bend = Callable[[Asked], Reply | None]
ANY = "*"


@dataclass
class Account:
    """Somebody whom the registry knows.

    Attributes:
        password: theirs.
        grants: actions by repository; `*` stands for every repository.
    """

    password: str
    grants: dict[str, set[str]] = field(default_factory=dict)

    def may(self, repository: str) -> set[str]:
        """Actions on a repository."""
        return self.grants.get(repository, self.grants.get(ANY, set()))


NOBODY = Account("")


@dataclass
class Registry:
    """A registry.

    Attributes:
        host: as clients name it, with its port.
        words: its refusals.
        realm: where tokens are; empty for `Basic` without tokens.
        service: its name in challenges and tokens; the host when empty.
        accounts: by user name.
        public: actions of everybody, by repository.
        repositories: what it holds.
        open_ping: whether `/v2/` asks for no login.
        refuses_scopes: whether the token server refuses what it cannot grant in full; otherwise
            it gives a token for less.
        opaque: whether tokens are no JWT.
        life: of tokens, in seconds.
        token_shift: by which the token server's clock is wrong.
        shift: by which the registry's own clock is wrong.
        accepts_post: whether the token server knows OAuth2.
        trusts_tokens: whether the registry knows the key of its token server.
        bends: asked first; the first answer that is not None counts.
        blob_location: where a blob is; None when the registry itself sends it.
        sign: makes tokens that another registry checks; None for this one's own.
        hidden: is told every token.
    """

    host: str
    words: Words = field(default_factory=Words)
    realm: str = "token"
    service: str = ""
    accounts: dict[str, Account] = field(default_factory=dict)
    public: dict[str, set[str]] = field(default_factory=dict)
    repositories: dict[str, Content] = field(default_factory=dict)
    open_ping: bool = False
    refuses_scopes: bool = False
    opaque: bool = False
    life: int = 3600
    token_shift: timedelta = timedelta()
    shift: timedelta = timedelta()
    accepts_post: bool = True
    trusts_tokens: bool = True
    bends: list[Bend] = field(default_factory=list)
    blob_location: Callable[[str], str] | None = None
    sign: Callable[[dict[str, object]], str] | None = None
    hidden: Callable[[str], str] = str

    def __post_init__(self) -> None:
        self.service = self.service or self.host
        if self.realm == "token":
            self.realm = f"https://{self.host}/token"
        self._key = secrets.token_bytes(16)
        self._opaque: dict[str, list[dict[str, object]]] = {}

    def holds(self, repository: str, *tags: str) -> Content:
        """Put images into a repository; gives its content."""
        content = self.repositories.setdefault(repository, Content())
        for tag in tags:
            content.add_image(tag)
        return content

    def knows(self, user: str, password: str, **grants: str) -> Account:
        """Add an account.

        Args:
            user: its name.
            password: theirs.
            grants: `pull` or `pull,push` by repository, in which `__` stands for `/`; `everything`
                for every repository.
        """
        named = {
            ANY if name == "everything" else name.replace("__", "/"): set(actions.split(","))
            for name, actions in grants.items()
        }
        self.accounts[user] = Account(password, named)
        return self.accounts[user]

    def site(self) -> Site:
        """What answers, registry and token server at once."""
        return Site(self.answer, clock=lambda: now() + self.shift)

    def answer(self, asked: Asked) -> Reply:
        """The answer to one request."""
        for bend in self.bends:
            bent = bend(asked)
            if bent is not None:
                return bent
        if self.realm and asked.path == urlsplit(self.realm).path:
            return self.token(asked)
        if asked.path == "/v2/":
            return self._ping(asked)
        found = _RESOURCE.fullmatch(asked.path)
        if found is None:
            return self.words.no_page()
        return self._resource(asked, found["name"], found["kind"], found["rest"])

    def token(self, asked: Asked) -> Reply:
        """The token server's answer."""
        if asked.method == "POST" and not self.accepts_post:
            return self.words.no_post()
        given = _pair_of(asked)
        account = NOBODY if given is None else self.accounts.get(given[0])
        if account is None or (given is not None and account.password != given[1]):
            return self.words.login_refused(self, asked)
        wanted = list(_scopes(asked))
        access: list[dict[str, object]] = [
            {"type": "repository", "name": name, "actions": sorted(self._may(account, name) & asks)}
            for name, asks in wanted
        ]
        short = any(self._may(account, name) & asks < asks for name, asks in wanted)
        if given is None and not wanted:
            return self.words.login_refused(self, asked)
        if short and self.refuses_scopes:
            return self.words.scope_refused(self, asked, wanted)
        token = self.hidden(self.issue(given[0] if given else "", access))
        return _json({"token": token, "access_token": token, "expires_in": self.life})

    def issue(self, subject: str, access: list[dict[str, object]]) -> str:
        """A token."""
        if self.opaque:
            token = secrets.token_urlsafe(24)
            self._opaque[token] = access
            return token
        begins = int((now() + self.token_shift).timestamp())
        claims = {
            "iss": self.service,
            "sub": subject,
            "aud": self.service,
            "iat": begins,
            "nbf": begins,
            "exp": begins + self.life,
            "jti": secrets.token_hex(8),
            "access": access,
        }
        return self.sign(claims) if self.sign else signed(claims, self._key)

    def _may(self, account: Account, repository: str) -> set[str]:
        return account.may(repository) | self.public.get(repository, set())

    def _ping(self, asked: Asked) -> Reply:
        if self.open_ping:
            return Reply(200, b"{}", self.words.marks)
        if self.realm:
            known = self._access(asked.bearer) is not None
        else:
            known = self._account(asked) is not None
        if known:
            return Reply(200, b"{}", self.words.marks)
        error = "invalid_token" if asked.bearer else ""
        return self.words.unauthenticated(self, asked, "", "", error)

    def _resource(self, asked: Asked, name: str, kind: str, rest: str) -> Reply:
        action = "pull" if asked.method in {"GET", "HEAD"} else "push"
        if self.realm:
            access = self._access(asked.bearer)
            if access is None:
                error = "invalid_token" if asked.bearer else ""
                if error or action not in self.public.get(name, set()) or not self.open_ping:
                    return self.words.unauthenticated(self, asked, name, action, error)
                allowed = self.public[name]
            else:
                allowed = access.get(name, set())
        else:
            account = self._account(asked)
            allowed = self._may(account or NOBODY, name)
            if account is None and action not in allowed:
                return self.words.unauthenticated(self, asked, name, action, "")
        if action not in allowed:
            return self.words.forbidden(self, asked, name, action)
        return self._content(asked, name, kind, rest)

    def _content(self, asked: Asked, name: str, kind: str, rest: str) -> Reply:
        content = self.repositories.get(name)
        if rest.startswith("uploads/"):
            return Reply(202, b"", (("Location", f"/v2/{name}/blobs/uploads/1"),))
        if content is None:
            return self.words.no_repository(self, asked, name)
        if kind == "tags":
            return _json({"name": name, "tags": content.tags})
        if kind == "blobs":
            return self._blob(content, rest)
        found = content.manifests.get(rest)
        if found is None:
            return self.words.no_manifest(self, asked, name, rest)
        marks = (("Content-Type", found[0]), ("Docker-Content-Digest", digest_of(found[1])))
        return Reply(200, found[1], marks)

    def _blob(self, content: Content, digest: str) -> Reply:
        if digest not in content.blobs:
            return self.words.no_blob()
        if self.blob_location is not None:
            return Reply(307, b"", (("Location", self.blob_location(digest)),))
        return Reply(200, content.blobs[digest], (("Content-Type", "application/octet-stream"),))

    def _account(self, asked: Asked) -> Account | None:
        given = asked.pair
        account = self.accounts.get(given[0]) if given else None
        return account if given and account and account.password == given[1] else None

    def _access(self, token: str) -> dict[str, set[str]] | None:
        """What a token allows; None when it is none that counts now."""
        listed: object = self._opaque.get(token)
        if not token or not self.trusts_tokens:
            return None
        if listed is None:
            claims = verified(token, self._key)
            moment = (now() + self.shift).timestamp()
            if (
                claims is None
                or claims.get("aud") != self.service
                or float(str(claims["exp"])) + _LEEWAY_SECONDS < moment
                or float(str(claims["nbf"])) - _LEEWAY_SECONDS > moment
            ):
                return None
            listed = claims["access"]
        entries = listed if isinstance(listed, list) else []
        return {entry["name"]: set(entry["actions"]) for entry in entries}


def _json(content: object) -> Reply:
    return Reply(200, json.dumps(content).encode(), (("Content-Type", "application/json"),))


def _pair_of(asked: Asked) -> tuple[str, str] | None:
    if asked.method == "POST":
        user = asked.form.get("username", [""])[0]
        secret = asked.form.get("password", asked.form.get("refresh_token", [""]))[0]
        return (user, secret) if secret else None
    return asked.pair


def _scopes(asked: Asked) -> Iterable[tuple[str, set[str]]]:
    listed = asked.form.get("scope", []) if asked.method == "POST" else asked.query.get("scope", [])
    for scope in " ".join(listed).split():
        kind, _, rest = scope.partition(":")
        name, _, actions = rest.rpartition(":")
        if kind == "repository":
            yield name, set(actions.split(","))


def on(path: str, reply: Reply, *methods: str) -> Bend:
    """Answer requests for a path in this way, whatever they bring.

    Args:
        path: a regular expression for the whole path.
        reply: the answer.
        methods: for these alone; none for all.
    """
    pattern = re.compile(path)

    def bend(asked: Asked) -> Reply | None:
        fits = pattern.fullmatch(asked.path) and (not methods or asked.method in methods)
        return reply if fits else None

    return bend
