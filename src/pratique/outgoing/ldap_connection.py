"""One connection to an LDAP server: blocking, bounded in time and size, for a thread of its own.

`ldap3` says what the messages are; addresses, sockets, TLS and limits are chosen here. It is an
extra of the package and is loaded when an LDAP server is first asked.
"""

from __future__ import annotations

import importlib
import ssl
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from pratique.identity.ldap import LdapEntry, LdapSetup, LdapUnavailable, read_url
from pratique.outgoing.ldap_files import read_secret, trusting
from pratique.outgoing.ldap_sockets import AT_ONCE, Metered, cause, connected, time_left

PAGE: Final = 500
_START_TLS: Final = "1.3.6.1.4.1.1466.20037"
_PAGED: Final = "1.2.840.113556.1.4.319"
# RFC 4511 appendix A.
SUCCESS, NO_SUCH_OBJECT, REFERRAL = 0, 32, 10
_CUT_OFF: Final = frozenset({3, 4, 11})


class Connection:
    """A connection that is open, with TLS unless the setup says otherwise.

    Args:
        setup: where, and how.
        seconds: after which everything about it has ended.
        limit: bytes that may come in all.

    Raises:
        LdapUnavailable: it could not be opened; the sentence names the step that failed.
    """

    def __init__(self, setup: LdapSetup, *, seconds: float, limit: int) -> None:
        self._library = library()
        self._deadline = time.monotonic() + seconds
        self._limit = limit
        self._setup = setup
        self.address = read_url(setup.url)
        self.tls = ""
        self._socket = connected(self.address, self._deadline)
        try:
            self._session = self._begin()
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Whether the server hears the farewell makes no difference.
        self._socket.close()

    def bind(self, distinguished_name: str, password: str) -> int:
        """The server's result code for a simple bind.

        Raises:
            LdapUnavailable: no answer came, or name or password is empty: that would succeed
                without proof.
        """
        if not distinguished_name or not password:
            raise LdapUnavailable("a bind without a name or a password proves nothing")
        self._session.user = distinguished_name
        # As bytes, it goes out as it was typed: clients are to prepare it, which is on our side
        # the form that typed it.
        self._session.password = password.encode()
        self._session.authentication = self._library.SIMPLE
        self._ask(lambda: self._session.bind(read_server_info=False), "bindResponse")
        return self._code()

    def bind_as_reader(self) -> None:
        """Bind as the one who may read, if the setup names one.

        Raises:
            LdapUnavailable: the server does not take name and password, or the file with it cannot
                be used.
        """
        setup = self._setup
        if not setup.bind_dn:
            return
        code = self.bind(setup.bind_dn, read_secret(Path(setup.bind_password_file)))
        if code != SUCCESS:
            raise LdapUnavailable(
                f"`{self.address}` does not take `{setup.bind_dn}` with the password in "
                f"{setup.bind_password_file}: {self._told()}"
            )

    def search(
        self, base: str, wanted: str, attributes: Sequence[str], *, most: int
    ) -> Iterator[LdapEntry]:
        """The entries below `base` that a filter finds, page by page; no referral is followed.

        Raises:
            LdapUnavailable: they cannot be had, not all of them, or there are more than `most`.
        """
        cookie: bytes | None = None
        count = 0
        while True:
            self._search(base, wanted, attributes, cookie)
            found = self._found(base)
            controls = self._session.result.get("controls") or {}
            cookie = controls.get(_PAGED, {}).get("value", {}).get("cookie")
            count += len(found)
            if count > most:
                raise LdapUnavailable(
                    f"the filter `{wanted}` finds more than {most} entries; narrow it"
                )
            yield from map(self._whole, found)
            if not cookie:
                return

    def _begin(self) -> Any:
        library_ = self._library
        server = library_.Server(self.address.host, self.address.port, get_info=library_.NONE)
        session = library_.Connection(
            server,
            auto_referrals=False,
            # It takes a part for the whole when the rest cannot be had.
            auto_range=False,
            check_names=False,
            read_only=True,
            return_empty_attributes=False,
        )
        starts_tls = not self.address.tls_first and not self._setup.plain
        if self.address.tls_first:
            self._put_on_tls()
        # Byte by byte before TLS starts: what somebody on the way sent after the server's answer
        # is then part of the handshake, which fails, and of nothing that is believed.
        piece = 1 if starts_tls else AT_ONCE
        session.socket = Metered(self._socket, self._deadline, self._limit, piece)
        # What its own `open` would set, which looks names up and connects in its own way.
        session.closed, session.listening = False, True
        session.strategy._outstanding = {}  # noqa: SLF001
        self._session = session
        if starts_tls:
            self._ask(lambda: session.extended(_START_TLS), "extendedResp")
            if self._code() != SUCCESS:
                raise LdapUnavailable(
                    f"`{self.address}` does not offer StartTLS ({self._told()}); it may speak "
                    "`ldaps://`"
                )
            self._put_on_tls()
            session.socket = Metered(self._socket, self._deadline, self._limit)
        return session

    def _put_on_tls(self) -> None:
        context = trusting(self._setup.ca_file)
        try:
            self._socket.settimeout(time_left(self._deadline))
            wrapped = context.wrap_socket(self._socket, server_hostname=self.address.host)
        except ssl.SSLCertVerificationError as error:
            raise LdapUnavailable(
                f"the certificate of `{self.address}` is not trusted: {error.verify_message}; name "
                "its authority with --ca-file"
            ) from error
        except OSError as error:
            raise LdapUnavailable(f"`{self.address}` does not speak TLS: {cause(error)}") from error
        self._socket, self.tls = wrapped, wrapped.version() or ""

    def _search(
        self, base: str, wanted: str, attributes: Sequence[str], cookie: bytes | None
    ) -> None:
        self._ask(
            lambda: self._session.search(
                base,
                wanted,
                search_scope=self._library.SUBTREE,
                dereference_aliases=self._library.DEREF_NEVER,
                attributes=list(attributes),
                time_limit=max(1, int(time_left(self._deadline))),
                paged_size=PAGE,
                paged_cookie=cookie,
            ),
            "searchResDone",
        )

    def _whole(self, entry: LdapEntry) -> LdapEntry:
        """The entry with all values of attributes that Active Directory gives in parts.

        It names the part in the attribute's name: `member;range=0-1499`, and `*` in the last one
        (MS-ADTS 3.1.1.3.1.3.3).
        """
        attributes = dict(entry.attributes)
        for name in [name for name in attributes if ";range=" in name]:
            plain, _, part = name.partition(";range=")
            values = list(attributes.pop(name))
            while not part.endswith("-*"):
                following = f"{plain};range={len(values)}-*"
                name_of_part, more = self._part(entry.distinguished_name, following)
                part = name_of_part.partition(";range=")[2]
                if not more or part.partition("-")[0] != str(len(values)):
                    raise LdapUnavailable(
                        f"`{self.address}` gives only a part of the attribute `{plain}` of "
                        f"`{entry.distinguished_name}`"
                    )
                values += more
            attributes[plain] = tuple(values)
        return LdapEntry(entry.distinguished_name, attributes)

    def _part(self, distinguished_name: str, attribute: str) -> tuple[str, tuple[bytes, ...]]:
        """The name under which a part of an attribute comes, and its values."""
        self._ask(
            lambda: self._session.search(
                distinguished_name,
                "(objectClass=*)",
                search_scope=self._library.BASE,
                dereference_aliases=self._library.DEREF_NEVER,
                attributes=[attribute],
                time_limit=max(1, int(time_left(self._deadline))),
            ),
            "searchResDone",
        )
        parts = (
            (name, values)
            for found in self._found(distinguished_name)
            for name, values in found.attributes.items()
            if ";range=" in name
        )
        return next(parts, ("", ()))

    def _found(self, base: str) -> list[LdapEntry]:
        """The entries of the answer that came last, without continuation references."""
        self._check_search(base)
        answer = self._session.response or ()
        return [_entry(found) for found in answer if found.get("type") == "searchResEntry"]

    def _check_search(self, base: str) -> None:
        code = self._code()
        if code == SUCCESS:
            return
        if code == NO_SUCH_OBJECT:
            raise LdapUnavailable(f"there is no entry `{base}`, or its reader may not see it")
        if code == REFERRAL:
            raise LdapUnavailable(f"`{base}` is kept by another server; set up that one")
        cut = ", so the answer is not whole; raise the server's limits" if code in _CUT_OFF else ""
        raise LdapUnavailable(f"the search below `{base}` failed: {self._told()}{cut}")

    def _ask(self, question: Callable[[], object], kind: str) -> None:
        """Ask, and take no other kind of answer for one.

        Raises:
            LdapUnavailable: none came.
        """
        known = self._library.core.exceptions.LDAPExceptionError
        try:
            question()
        except (known, OSError) as error:
            raise LdapUnavailable(f"`{self.address}` gave no usable answer: {error}") from error
        except Exception as error:
            # The library reads foreign bytes, and fails on them in ways that it does not declare.
            raise LdapUnavailable(f"`{self.address}` does not answer in LDAP's form") from error
        if (self._session.result or {}).get("type") != kind:
            raise LdapUnavailable(f"`{self.address}` answers another question than it was asked")

    def _code(self) -> int:
        code = self._session.result.get("result")
        return code if isinstance(code, int) else -1

    def _told(self) -> str:
        result = self._session.result
        text = " ".join(str(result.get("message") or "").split())[:200]
        return f"{result.get('description')}" + (f" ({text})" if text else "")


def library() -> Any:
    """The library that knows LDAP's messages.

    Raises:
        LdapUnavailable: it is not installed; says what to do.
    """
    try:
        with warnings.catch_warnings():
            # It asks pyasn1 for names that were renamed since.
            warnings.simplefilter("ignore", DeprecationWarning)
            return importlib.import_module("ldap3")
    except ImportError as error:
        raise LdapUnavailable(
            "this server's installation has no LDAP library; run `pip install 'pratique[ldap]'` "
            "and start the server anew"
        ) from error


def _entry(found: Any) -> LdapEntry:
    attributes = {
        name.lower(): tuple(v for v in values or () if isinstance(v, bytes))
        for name, values in found["raw_attributes"].items()
    }
    return LdapEntry(str(found["dn"]), attributes)
