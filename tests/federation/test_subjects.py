"""Subjects of federated credentials: exact ones, and patterns that cannot take in strangers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.identity import FederatedCredential
from pratique.identity.federation import check_subject, subject_matches
from pratique.naming import InvalidName
from pratique.testing.registry_in_memory import START

GITHUB = "repo:octo-org/octo-repo:ref:refs/heads/main"


def credential(subject: str, *, pattern: bool = True) -> FederatedCredential:
    """A federated credential for that subject."""
    return FederatedCredential("id", "ci", "https://issuer.test", subject, "aud", START, pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "repo:octo-org/*:**",
        "repo:octo-org/octo-*:ref:refs/heads/main",
        "repo:octo-org/octo-repo:ref:refs/heads/*",
        "repo:octo-org/octo-repo:**",
        "project_path:group/*:ref_type:branch:ref:main",
        "system:serviceaccount:team-a:*",
        "spiffe://example.org/ns/*/sa/build",
        "spiffe://example.org/**",
        "organization:acme:project:*",
        "sc://org/project/*",
    ],
)
def test_patterns_that_name_an_owner_are_taken(pattern: str) -> None:
    """What stands before the first star names an owner whole."""
    check_subject(pattern, pattern=True)


@pytest.mark.parametrize(
    "pattern",
    [
        "*",
        "**",
        "repo:*",
        "repo:**",
        "repo:*/octo-repo:ref:refs/heads/main",
        "repo:octo-*/octo-repo:**",
        "repo:octo-org*",
        "repo:octo-org",
        "repo::*",
        "ref:refs/**",
        "environment:prod:**",
        "repository_visibility:public:**",
        "event_name:push:**",
        "runner_environment:github-hosted:**",
        "https://github.com/**",
        "system:node:*",
        "repo:/x:*",
        "project_path:*/app:**",
        "system:serviceaccount:*:build",
        "system:serviceaccount:**",
        "system:*:team-a:build",
        "spiffe://*/ns/team",
        "spiffe://**",
        "repo:octo-org/a*b*c:ref",
        "repo:octo-org/**:ref",
        "repo:octo-org/app**",
        "repo:octo-org/***",
        "repo:octo-org/\n*",
        "repo:octo-org/\u202e*",
        "",
        " repo:octo-org/*",
        "repo:octo-org/*" + "x" * 1024,
    ],
)
def test_patterns_that_could_take_in_strangers_are_refused(pattern: str) -> None:
    """A pattern without an owner, or whose stars could run away, is refused when it is written."""
    with pytest.raises(InvalidName):
        check_subject(pattern, pattern=True)


@pytest.mark.parametrize("subject", ["", "a\x00b", "a\u202eb", " a", "a ", "x" * 1025, "a\ud800"])
def test_subjects_that_no_token_has_are_refused(subject: str) -> None:
    """An exact subject is one to 1024 printable characters; a star in it is only a star."""
    check_subject("octo*", pattern=False)
    with pytest.raises(InvalidName):
        check_subject(subject, pattern=False)


@pytest.mark.parametrize(
    ("pattern", "subject"),
    [
        ("repo:octo-org/*:ref:refs/heads/main", GITHUB),
        ("repo:octo-org/octo-*:ref:refs/heads/main", GITHUB),
        ("repo:octo-org/octo-repo:**", GITHUB),
        ("repo:octo-org/*:**", GITHUB),
        ("repo:octo-org/octo-repo:ref:refs/heads/*", GITHUB),
        ("repo:octo-org/*-repo:ref:refs/heads/ma*", GITHUB),
        ("system:serviceaccount:team-a:*", "system:serviceaccount:team-a:build"),
        ("spiffe://example.org/**", "spiffe://example.org/ns/a/sa/b"),
    ],
)
def test_patterns_match_what_they_say(pattern: str, subject: str) -> None:
    """A star stands for characters within one part, two at the end for all that follows."""
    assert subject_matches(credential(pattern), subject)


@pytest.mark.parametrize(
    ("pattern", "subject"),
    [
        # A star does not reach over a separator, so nothing can be slipped in.
        (
            "repo:octo-org/*:ref:refs/heads/main",
            "repo:octo-org/a:environment:x:ref:refs/heads/main",
        ),
        ("repo:octo-org/*:ref:refs/heads/main", "repo:octo-org/a/b:ref:refs/heads/main"),
        ("repo:octo-org/octo-repo:ref:refs/heads/*", "repo:octo-org/octo-repo:ref:refs/heads/a/b"),
        ("repo:octo-org/octo-repo:ref:refs/heads/*", "repo:octo-org/octo-repo:ref:refs/heads/"),
        ("repo:octo-org/octo-repo:**", "repo:octo-org/octo-repo"),
        ("repo:octo-org/octo-repo:**", "repo:octo-org/octo-repo:"),
        ("repo:octo-org/octo-repo:**", "repo:octo-org/octo-repo-evil:ref:x"),
        ("repo:octo-org/*:**", "repo:octo-org-evil/app:ref:x"),
        ("repo:octo-org/*:**", "repo:Octo-Org/app:ref:x"),
        ("repo:octo-org/*:**", "repo/octo-org:app:ref:x"),
        ("repo:octo-org/ab*ba:x", "repo:octo-org/aba:x"),
        ("repo:octo-org/*:**", "repo:octo-оrg/app:ref:x"),  # noqa: RUF001 - a Cyrillic letter
        ("system:serviceaccount:team-a:*", "system:serviceaccount:team-a:build:more"),
    ],
)
def test_patterns_match_nothing_else(pattern: str, subject: str) -> None:
    """Neighbours, longer paths, other cases and letters that look alike are strangers."""
    assert not subject_matches(credential(pattern), subject)


def test_exact_subject_is_no_pattern() -> None:
    """Without the mark of a pattern, a star stands for itself and nothing is prefix of anything."""
    exact = credential("repo:octo-org/*:**", pattern=False)
    assert subject_matches(exact, "repo:octo-org/*:**")
    assert not subject_matches(exact, GITHUB)
    assert not subject_matches(credential(GITHUB, pattern=False), GITHUB + "x")


@given(
    st.text(st.sampled_from("ab:/*"), max_size=16), st.text(st.sampled_from("ab:/"), max_size=16)
)
def test_whoever_matches_a_pattern_is_of_its_owner(tail: str, subject: str) -> None:
    """Whatever a pattern goes on with, it matches only what begins as it does before its star."""
    pattern = f"repo:octo/{tail}"
    try:
        check_subject(pattern, pattern=True)
    except InvalidName:
        return
    literal = pattern[: pattern.index("*")]
    for candidate in (subject, f"repo:{subject}", f"repo:octo/{subject}"):
        if subject_matches(credential(pattern), candidate):
            assert candidate.startswith(literal)
