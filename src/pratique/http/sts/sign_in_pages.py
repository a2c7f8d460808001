"""The sign-in pages, as HTML. What is shown comes in as text and is escaped by the builder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pratique.http.pages import Markup, element, joined, page
from pratique.http.pages.page import NO_STORE
from pratique.http.sts.browsers import TOKEN_FIELD
from pratique.http.wire.messages import Response
from pratique.identity.totp import DIGITS

Header = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Look:
    """What all pages of one request have in common.

    Attributes:
        host: of the registry.
        action: where forms go.
        headers: cookies.
        sends_to: another origin to which forms may lead; None for none.
        carried: what every form takes with it, name and value.
    """

    host: str
    action: str
    headers: tuple[Header, ...] = ()
    sends_to: str | None = None
    carried: tuple[tuple[str, str], ...] = ()

    def page(self, status: int, title: str, *content: str | None) -> Response:
        """A page of this look."""
        headers = (NO_STORE, *self.headers)
        return page(
            status, title, *content, host=self.host, headers=headers, sends_to=self.sends_to
        )


@dataclass(frozen=True, slots=True)
class Wrong:
    """What was wrong with what somebody sent, in a sentence, and the status that says so."""

    sentence: str
    status: int = 403


def sign_in_page(
    look: Look, purpose: str, token: str, *, user_name: str = "", wrong: Wrong | None = None
) -> Response:
    """Asks for user name and password.

    Args:
        look: of the page.
        purpose: what one signs in for.
        token: of the form.
        user_name: filled in already.
        wrong: what was wrong with the last attempt.
    """
    known = bool(user_name)
    return look.page(
        wrong.status if wrong else 200,
        "Sign in",
        element("h1", "Sign in"),
        element("p", purpose, class_="quiet"),
        _alert(wrong),
        _form(
            look,
            token,
            _input(
                "User name",
                "username",
                value=user_name,
                autocomplete="username",
                autocapitalize="none",
                spellcheck="false",
                maxlength="256",
                autofocus=not known,
            ),
            _input(
                "Password",
                "password",
                type="password",
                autocomplete="current-password",
                maxlength="1024",
                autofocus=known,
            ),
            _button("Sign in", "password"),
        ),
    )


def second_factor_page(
    look: Look, token: str, user_name: str, wrong: Wrong | None = None
) -> Response:
    """Asks for the one-time password."""
    return look.page(
        wrong.status if wrong else 200,
        "One more step",
        element("h1", "One more step"),
        element(
            "p",
            "Type the code that your authenticator shows for ",
            element("strong", user_name),
            ".",
            class_="quiet",
        ),
        _alert(wrong),
        _form(
            look,
            token,
            _input(
                "Code",
                "code",
                class_="code",
                inputmode="numeric",
                autocomplete="one-time-code",
                maxlength=str(DIGITS + 2),
                autofocus=True,
            ),
            _button("Sign in", "second-factor"),
        ),
    )


def continue_page(look: Look, client: str, where: str, token: str, user_name: str) -> Response:
    """Asks somebody who is signed in whether a programme may act for them."""
    return look.page(
        200,
        "Continue",
        element("h1", f"Continue to {client}?"),
        element("p", "It will act for you with all your rights in this registry.", class_="quiet"),
        _facts({"Signed in as": user_name, "Answer goes to": where}),
        _form(
            look,
            token,
            _button(f"Continue as {user_name}", "continue"),
            _button("Use another account", "another", second=True),
            _button("Cancel", "cancel", second=True),
        ),
    )


def send_on_page(host: str, redirect_uri: str, origin: str, fields: dict[str, str]) -> Response:
    """Sends an answer to a programme by a form (OAuth 2.0 Form Post Response Mode)."""
    hidden = _hidden(fields.items())
    return page(
        200,
        "Back to your programme",
        element("h1", "Back to your programme"),
        element("p", "Press the button if nothing happens by itself.", class_="quiet"),
        element("form", *hidden, element("button", "Go on"), method="post", action=redirect_uri),
        host=host,
        sends_to=origin,
        sends_on=True,
    )


def user_code_page(look: Look, token: str, wrong: Wrong | None = None) -> Response:
    """Asks for the code that a device shows."""
    return look.page(
        wrong.status if wrong else 200,
        "Sign in a device",
        element("h1", "Sign in a device"),
        element("p", "Type the code that your programme or device shows.", class_="quiet"),
        _alert(wrong),
        _form(
            look,
            token,
            _input(
                "Code",
                "user_code",
                class_="code",
                autocomplete="off",
                autocapitalize="characters",
                spellcheck="false",
                maxlength="16",
                autofocus=True,
            ),
            _button("Next", "user-code"),
        ),
    )


def confirm_device_page(
    look: Look, client: str, token: str, user_name: str, facts: dict[str, str]
) -> Response:
    """Asks whether the programme on the device may act for the user."""
    return look.page(
        200,
        "Allow the sign-in",
        element("h1", f"Sign in to {client}?"),
        element("p", "It will act for you with all your rights in this registry.", class_="quiet"),
        _facts({**facts, "As": user_name}),
        element(
            "p",
            "Allow this only if you began it yourself a moment ago. If somebody sent you the code, "
            "deny it.",
            class_="note",
        ),
        _form(
            look,
            token,
            _button(f"Allow as {user_name}", "allow"),
            _button("Deny", "deny", second=True),
            _button("Use another account", "another", second=True),
        ),
    )


def sign_out_page(look: Look, token: str, user_name: str) -> Response:
    """Asks whether to sign out of this browser."""
    return look.page(
        200,
        "Sign out",
        element("h1", "Sign out?"),
        element(
            "p",
            "You are signed in here as ",
            element("strong", user_name),
            ". Programmes that you signed in stay signed in.",
            class_="quiet",
        ),
        _form(look, token, _button("Sign out", "sign-out")),
    )


def told_page(
    look: Look, status: int, title: str, *sentences: str, decision_id: str | None = None
) -> Response:
    """Tells something, and asks nothing."""
    return look.page(
        status,
        title,
        element("h1", title),
        *(element("p", sentence) for sentence in sentences),
        element("p", "Decision: ", element("code", decision_id), class_="quiet hint")
        if decision_id
        else None,
    )


def as_sentence(words: str) -> str:
    """The words of an error as a sentence of its own."""
    return f"{words[:1].upper()}{words[1:]}."


def _form(look: Look, token: str, *content: str) -> Markup:
    hidden = _hidden(((TOKEN_FIELD, token), *look.carried))
    return element("form", *hidden, *content, method="post", action=look.action)


def _hidden(fields: Iterable[tuple[str, str]]) -> list[Markup]:
    return [element("input", type="hidden", name=name, value=value) for name, value in fields]


def _input(label: str, name: str, **attributes: str | bool) -> Markup:
    given: dict[str, str | bool] = {"type": "text", "required": True, **attributes}
    return element(
        "div",
        element("label", label, for_=name),
        element("input", id=name, name=name, **given),
        class_="field",
    )


def _button(label: str, step: str, *, second: bool = False) -> Markup:
    # Only what is to be filled in holds back the first button; the others go round it.
    return element(
        "button",
        label,
        name="step",
        value=step,
        class_="second" if second else None,
        formnovalidate=second,
    )


def _alert(wrong: Wrong | None) -> Markup | None:
    return element("p", wrong.sentence, class_="bad", role="alert") if wrong else None


def _facts(facts: dict[str, str]) -> Markup:
    rows: Iterable[Markup] = (
        joined(element("dt", name), element("dd", value)) for name, value in facts.items()
    )
    return element("dl", *rows)
