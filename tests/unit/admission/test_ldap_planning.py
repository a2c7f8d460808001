"""A sync as a pure function: from what the server says and what stands to what shall stand."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from pratique.access.patience import endless
from pratique.admission.changes.ldap_planning import SyncPlan, plan
from pratique.identity import Application, Directory, Group, TokenAccount, User
from pratique.identity.ldap import LdapContent, LdapGroup, LdapUser
from pratique.testing.registry_in_memory import START

NAMES = ("ann", "Ben", "cas", "dot", "bad name", "", "demoregistry", "tok")
GROUPS = ("staff", "Crew", "all", "")
LOCAL = User("local-ann", "Ann", "Ann", "p", "$argon2", START)
OWN = Group("own-crew", "crew", START, ("local-ann",))
PRESENT = (
    Directory.empty("demoregistry")
    .seen_from("demoregistry", None, {"tok": TokenAccount("tok", "map", START)})
    .changed(
        (),
        (
            LOCAL,
            OWN,
            Application("app", "4b6f7a52-1f1d-4c43-a5a4-0d3c0f3d2f5e", "robot", START),
        ),
    )
)


def dn(number: int) -> str:
    """The name of an entry."""
    return f"cn={number},dc=example"


users = st.builds(
    LdapUser,
    distinguished_name=st.integers(0, 9).map(dn),
    entry_id=st.sampled_from("abcdef"),
    user_name=st.sampled_from(NAMES),
    display_name=st.sampled_from(("", "One", "Two")),
    enabled=st.booleans(),
    password_changed=st.sampled_from(("", "1", "2")),
)
groups = st.builds(
    LdapGroup,
    distinguished_name=st.integers(10, 19).map(dn),
    entry_id=st.sampled_from("uvwxyz"),
    name=st.sampled_from(GROUPS),
    members=st.lists(st.integers(0, 19).map(lambda n: dn(n).upper()), max_size=4).map(tuple),
    member_names=st.lists(st.sampled_from(NAMES), max_size=2).map(tuple),
)
contents = st.builds(
    LdapContent,
    users=st.lists(users, max_size=4, unique_by=lambda u: u.entry_id).map(tuple),
    groups=st.lists(groups, max_size=3, unique_by=lambda g: g.entry_id).map(tuple),
)


class Story:
    """A directory that is synced again and again."""

    def __init__(self) -> None:
        self.directory = PRESENT
        self._ids: Iterator[int] = count(1)

    def planned(self, content: LdapContent) -> SyncPlan:
        """What a sync would do."""
        return plan(
            content,
            self.directory,
            version=1,
            at=START,
            new_id=lambda: f"id-{next(self._ids)}",
            patience=endless,
        )

    def sync(self, content: LdapContent) -> SyncPlan:
        """What a sync did."""
        done = self.planned(content)
        present = self.directory.by_object_id
        before = [present[r.object_id] for r in done.records if r.object_id in present]
        self.directory = self.directory.changed(before, done.records)
        return done

    def of_ldap(self) -> dict[str, User]:
        """Users from the server, by entry id."""
        return {u.ldap.entry_id: u for u in self.directory.users.values() if u.ldap}


@given(st.lists(contents, min_size=1, max_size=3))
def test_second_sync_of_the_same_has_nothing_to_do(said: list[LdapContent]) -> None:
    """Whatever was said before; and what it left out it leaves out again."""
    story = Story()
    for content in said:
        first = story.sync(content)
        second = story.planned(content)
        assert second.changes == ()
        assert second.records == ()
        assert len(second.conflicts) == len(first.conflicts)


@given(st.lists(contents, min_size=1, max_size=3))
def test_nobody_is_deleted_or_taken_over(said: list[LdapContent]) -> None:
    """Local users and groups are as they were; an object id belongs to one entry for ever."""
    story, known = Story(), dict[str, str]()
    for content in said:
        story.sync(content)
        assert story.directory.users["ann"] == LOCAL
        assert story.directory.groups["own-crew"] == OWN
        now = {entry_id: user.object_id for entry_id, user in story.of_ldap().items()}
        assert {key: now.get(key) for key in known} == known
        known = now
        assert story.directory.account("tok") == PRESENT.account("tok")


@given(st.lists(contents, min_size=1, max_size=3))
def test_who_is_enabled_is_who_the_server_lets_in(said: list[LdapContent]) -> None:
    """Everybody who came from there, after each sync; whoever it does not let in is out."""
    story = Story()
    for content in said:
        story.sync(content)
        enabled = {entry.entry_id for entry in content.users if entry.enabled}
        for entry_id, user in story.of_ldap().items():
            assert user.enabled == (entry_id in enabled)
            assert user.password_hash == ""


@given(contents, contents)
def test_credential_lives_as_long_as_the_password(one: LdapContent, other: LdapContent) -> None:
    """Another mark, or a time out of the directory, and the old credential is gone."""
    story = Story()
    story.sync(one)
    before = story.of_ldap()
    story.sync(other)
    marks = {entry.entry_id: entry for entry in other.users}
    for entry_id, user in story.of_ldap().items():
        if entry_id not in before:
            continue
        was, entry = before[entry_id], marks.get(entry_id)
        same = was.password_id == user.password_id
        origin = was.ldap
        assert origin is not None
        kept = entry is not None and entry.password_changed == origin.password_changed
        assert same == (kept and (entry is None or entry.enabled or not origin.stands))


@given(st.lists(contents, min_size=1, max_size=3))
def test_members_are_those_that_are_there(said: list[LdapContent]) -> None:
    """Of the server's users and groups alone, each once; a group is not in itself."""
    story = Story()
    for content in said:
        story.sync(content)
        present = story.directory.by_object_id
        there = {user.entry_id for user in content.users} | {
            g.entry_id for g in content.groups or ()
        }
        for group in story.directory.groups.values():
            if group.ldap is None:
                continue
            assert group.object_id not in group.members
            assert len(set(group.members)) == len(group.members)
            for member in map(present.__getitem__, group.members):
                assert isinstance(member, User | Group)
                assert member.ldap is not None
                assert member.ldap.entry_id in there
            if group.ldap.entry_id not in there:
                assert group.members == ()


@given(contents)
def test_losses_are_counted(content: LdapContent) -> None:
    """An empty answer loses everybody who is enabled, and every group with members."""
    story = Story()
    story.sync(content)
    users_now = [user for user in story.of_ldap().values() if user.enabled]
    groups_now = [g for g in story.directory.groups.values() if g.ldap and g.members]
    assert story.planned(LdapContent((), ())).lost == (
        ("user", len(users_now), len(users_now)),
        ("group", len(groups_now), len(groups_now)),
    )
    left_alone = story.planned(LdapContent((), None))
    assert left_alone.lost[1] == ("group", len(groups_now), 0)
