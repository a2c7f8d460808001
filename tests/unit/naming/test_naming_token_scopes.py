"""Token scopes: what a client asks of the token endpoint."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.naming import InvalidName, TokenScope, parse_scopes
from pratique.naming.scopes import MAX_SCOPE_LENGTH, MAX_SCOPES

_unhurried = settings(deadline=None)


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("repository:app:pull", TokenScope("repository", "app", ("pull",))),
        ("repository:t/a:pull,push", TokenScope("repository", "t/a", ("pull", "push"))),
        ("repository:a:push,pull", TokenScope("repository", "a", ("push", "pull"))),
        ("repository:a:metadata_read", TokenScope("repository", "a", ("metadata_read",))),
        ("repository:*:*", TokenScope("repository", "*", ("*",))),
        ("registry:catalog:*", TokenScope("registry", "catalog", ("*",))),
        ("artifact-repository:repo:*", TokenScope("artifact-repository", "repo", ("*",))),
        ("repository(plugin):a:pull", TokenScope("repository(plugin)", "a", ("pull",))),
        ("repository:h:5000/a:pull", TokenScope("repository", "h:5000/a", ("pull",))),
        ("repository:[::1]:5/a:pull", TokenScope("repository", "[::1]:5/a", ("pull",))),
        ("repository:Not/A/Name:pull", TokenScope("repository", "Not/A/Name", ("pull",))),
    ],
)
def test_good_scope_is_read(text: str, scope: TokenScope) -> None:
    """The first and the last colon divide; the scope prints as it was written."""
    assert parse_scopes([text]) == (scope,)
    assert str(scope) == text


@pytest.mark.parametrize(
    "text",
    [
        ":",
        "::",
        "repository",
        "repository:app",
        "repository::pull",
        "repository:app:",
        "repository:app:,",
        "repository:app:pull,",
        "repository:app:,pull",
        "repository:app:Pull",
        "repository:app:pull2",
        "repository:app:**",
        "repository:app:pu*",
        "repository:app:pull\n",
        "repository:app\n:pull",
        "repository:a\tb:pull",
        ":app:pull",
        "Repository:app:pull",
        "repository(:app:pull",
        "repository():app:pull",
        "-repository:app:pull",
        "repo\u017fitory:app:pull",
        "repository:app:p\u1d64ll",
        "repository:\u00e4pp:pull",
        "repository:\ud800:pull",
        "repository:a\x00b:pull",
        "repository:a\x7fb:pull",
        'repository:a"b:pull',
        "repository:a\\b:pull",
        "repository:\u212a:pull",
        "repository:" + "a" * MAX_SCOPE_LENGTH + ":pull",
    ],
)
def test_bad_scope_is_refused(text: str) -> None:
    """What could not be a scope, or would end a quoted value when it is printed, is refused."""
    with pytest.raises(InvalidName, match="is not a scope"):
        parse_scopes([text])


def test_scopes_are_repeated_and_joined() -> None:
    """Repeated parameters and spaces inside one mean the same, in order; empty ones mean none."""
    expected = (
        TokenScope("repository", "a", ("pull",)),
        TokenScope("repository", "b", ("push",)),
        TokenScope("repository", "a", ("pull",)),
    )
    texts = [str(scope) for scope in expected]
    assert parse_scopes(texts) == expected
    assert parse_scopes([" ".join(texts)]) == expected
    assert parse_scopes(["", f"  {texts[0]}  {texts[1]} ", texts[2], " "]) == expected
    assert parse_scopes([]) == parse_scopes([""]) == ()


def test_action_named_twice_counts_once() -> None:
    """Each action is kept at its first place."""
    (scope,) = parse_scopes(["repository:a:push,pull,push"])
    assert scope.actions == ("push", "pull")


def test_number_of_scopes_is_bounded() -> None:
    """As many scopes as allowed are read, and one more is refused however it is asked for."""
    text = "repository:a:pull"
    assert len(parse_scopes([text] * MAX_SCOPES)) == MAX_SCOPES
    for values in ([text] * (MAX_SCOPES + 1), [" ".join([text] * (MAX_SCOPES + 1))]):
        with pytest.raises(InvalidName, match="at most 100"):
            parse_scopes(values)


def _token_scopes() -> st.SearchStrategy[TokenScope]:
    kind = st.from_regex(r"[a-z]{1,9}(-[a-z0-9]{1,4})?(\([a-z]{1,4}\))?", fullmatch=True)
    name = st.text(
        st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='"\\'),
        min_size=1,
        max_size=40,
    )
    action = st.from_regex(r"[a-z_]{1,9}|\*", fullmatch=True)
    actions = st.lists(action, min_size=1, max_size=4, unique=True).map(tuple)
    return st.builds(TokenScope, kind, name, actions)


@_unhurried
@given(st.lists(_token_scopes(), max_size=5))
def test_scopes_read_back_as_they_were_printed(scopes: list[TokenScope]) -> None:
    """Printing scopes and reading them gives the same scopes, colons in names included."""
    assert parse_scopes([" ".join(map(str, scopes))]) == tuple(scopes)
