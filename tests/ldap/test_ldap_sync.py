"""Users and groups of an OpenLDAP server become those of the registry, and stop being so."""

from __future__ import annotations

import asyncio

import pytest
from tests.ldap.governed import governed
from tests.support.slapd import GROUPS, PEOPLE, Slapd, group, person

from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import basic


@in_loop
async def test_password_changed_there_ends_what_it_opened(ldap: Slapd) -> None:
    """After the next sync, by the mark that a password policy leaves."""
    async with governed(ldap) as scene:
        await scene.sync()
        await scene.assign("alice")
        token = await scene.token("alice", "alice's password")
        # The mark is a time in whole seconds.
        await asyncio.sleep(1.1)
        ldap.modify(
            f"dn: uid=alice,{PEOPLE}\nchangetype: modify\n"
            "replace: userPassword\nuserPassword: another password\n"
        )
        assert await scene.pull(token) == 404
        assert await scene.sync() == {"alice": ["password changed: signed out"]}
        assert await scene.pull(token) == 401
        assert (await scene.sign_in("alice", "alice's password")).status == 401
        assert await scene.pull(await scene.token("alice", "another password")) == 404


@in_loop
async def test_sync_that_would_lock_most_out_needs_force(ldap: Slapd) -> None:
    """Nothing at all is changed without it."""
    async with governed(ldap) as scene:
        await scene.sync()
        for name in ("bob", "carol"):
            ldap.modify(f"dn: uid={name},{PEOPLE}\nchangetype: delete\n")
        told = await scene.registry.manage("POST", "/ldap/sync", {"dry_run": True})
        assert told["needs_force"]
        status, sentence = await scene.refused("POST", "/ldap/sync", {})
        assert (status, "disable 2 of 3 users" in sentence) == (400, True)
        assert await scene.states() == {"alice": True, "bob": True, "carol": True}
        done = await scene.sync(force=True)
        assert done["bob"] == ["disabled: the entry is gone"]
        assert done["developers"] == ["members: 0 more, 1 fewer"]
        assert await scene.states() == {"alice": True, "bob": False, "carol": False}


@in_loop
async def test_empty_answer_locks_nobody_out(ldap: Slapd) -> None:
    """Neither users nor, through their groups, roles are lost by a wrong base or filter."""
    async with governed(ldap) as scene:
        await scene.sync()
        await scene.set_up(user_filter="(&(objectClass=device)(uid={name}))")
        assert "disable 3 of 3 users" in (await scene.refused("POST", "/ldap/sync", {}))[1]
        await scene.set_up(group_filter="(objectClass=device)")
        assert "empty 2 of 2 groups" in (await scene.refused("POST", "/ldap/sync", {}))[1]
        await scene.set_up(user_base=f"ou=nowhere,{PEOPLE}")
        assert "there is no entry" in (await scene.refused("POST", "/ldap/sync", {}))[1]
        await scene.set_up()
        assert await scene.sync() == {}


@in_loop
async def test_names_that_are_taken_stay_with_who_has_them(ldap: Slapd) -> None:
    """A local user and a local group are left as they are, and the rest is synced."""
    async with governed(ldap) as scene:
        made = await scene.registry.manage("POST", "/users", {"username": "Alice"})
        await scene.registry.manage("POST", "/groups", {"name": "Developers"})
        done = await scene.registry.manage("POST", "/ldap/sync", {})
        left_out = {c["name"]: c["reason"] for c in done["conflicts"]}
        assert set(left_out) == {"alice", "developers"}
        assert all("not taken over" in reason for reason in left_out.values())
        assert (await scene.sign_in("alice", "alice's password")).status == 401
        assert (await scene.sign_in("alice", made["password"])).status == 200
        assert await scene.states() == {"Alice": True, "bob": True, "carol": True}


@in_loop
async def test_another_person_of_the_same_name_gets_none_of_the_roles(ldap: Slapd) -> None:
    """An entry is known by its id, so a new one waits until the operator has made room."""
    async with governed(ldap) as scene:
        await scene.sync()
        await scene.assign("bob")
        ldap.modify(f"dn: uid=bob,{PEOPLE}\nchangetype: delete\n")
        ldap.add(person("bob", "the password of another bob"))
        assert (await scene.sync())["bob"] == ["disabled: the entry is gone"]
        assert "was another entry before" in (await scene.left_out())["bob"]
        assert (await scene.sign_in("bob", "the password of another bob")).status == 401
        await scene.registry.manage("DELETE", "/users/bob")
        assert (await scene.sync())["bob"] == ["added"]
        token = await scene.token("bob", "the password of another bob")
        assert await scene.pull(token) == 403


@in_loop
async def test_what_the_operator_disabled_stays_disabled(ldap: Slapd) -> None:
    """No sync enables whom no sync disabled."""
    async with governed(ldap) as scene:
        await scene.sync()
        await scene.registry.manage("POST", "/users/alice/disable")
        assert await scene.sync() == {}
        assert (await scene.sign_in("alice", "alice's password")).status == 401
        await scene.registry.manage("POST", "/users/alice/enable")
        assert (await scene.sign_in("alice", "alice's password")).status == 200


@in_loop
async def test_what_the_server_keeps_is_not_changed_here(ldap: Slapd) -> None:
    """Passwords and members; a group of one's own takes theirs in."""
    async with governed(ldap) as scene:
        await scene.sync()
        for method, address, content, told in (
            ("POST", "/users/alice/password", {}, "keeps the password of `alice`"),
            ("POST", "/groups/developers/members", {"principal": "carol"}, "change them there"),
            ("DELETE", "/groups/developers/members/bob", None, "change them there"),
        ):
            status, sentence = await scene.refused(method, address, content)
            assert (status, told in sentence) == (400, True)
        await scene.registry.manage("POST", "/groups", {"name": "pullers"})
        member = {"principal": "engineering"}
        await scene.registry.manage("POST", "/groups/pullers/members", member)
        await scene.assign("pullers")
        assert await scene.pull(await scene.token("alice", "alice's password")) == 404
        assert await scene.pull(await scene.token("carol", "carol's password")) == 403


@in_loop
async def test_renamed_entry_is_the_same_user(ldap: Slapd) -> None:
    """With its roles and memberships, under its new name."""
    async with governed(ldap) as scene:
        await scene.sync()
        await scene.assign("alice")
        ldap.modify(
            f"dn: uid=alice,{PEOPLE}\nchangetype: modrdn\nnewrdn: uid=alicia\ndeleteoldrdn: 1\n"
        )
        ldap.modify(
            f"dn: cn=developers,{GROUPS}\nchangetype: modify\ndelete: member\n"
            f"member: uid=alice,{PEOPLE}\n-\nadd: member\nmember: UID=Alicia, {PEOPLE}\n"
        )
        done = await scene.sync()
        assert done == {"alicia": ["renamed: `alice` before", "distinguished name"]}
        assert await scene.pull(await scene.token("alicia", "alice's password")) == 404
        assert (await scene.sign_in("alice", "alice's password")).status == 401


@in_loop
async def test_groups_of_all_kinds_and_rings_of_them(ldap: Slapd) -> None:
    """Members by name, unique members, groups in each other, strangers left out."""
    ldap.add(
        f"dn: cn=unix,{GROUPS}\nobjectClass: posixGroup\ncn: unix\ngidNumber: 100\n"
        "memberUid: carol\nmemberUid: nobody\n\n"
        f"dn: cn=unique,{GROUPS}\nobjectClass: groupOfUniqueNames\ncn: unique\n"
        f"uniqueMember: uid=carol,{PEOPLE}\nuniqueMember: cn=stranger,dc=elsewhere\n\n"
        + group("ring", f"cn=other ring,{GROUPS}", f"cn=ring,{GROUPS}")
        + group("other ring", f"cn=ring,{GROUPS}", f"uid=carol,{PEOPLE}")
    )
    async with governed(ldap) as scene:
        await scene.sync()
        groups = await scene.registry.manage("GET", "/groups")
        members = {g["display_name"]: {m["display_name"] for m in g["members"]} for g in groups}
        await scene.assign("ring")
        assert await scene.pull(await scene.token("carol", "carol's password")) == 404
        assert await scene.pull(await scene.token("bob", "bob's password")) == 403
    assert members == {
        "developers": {"alice", "bob"},
        "engineering": {"developers"},
        "unix": {"carol"},
        "unique": {"carol"},
        "ring": {"other ring"},
        "other ring": {"ring", "carol"},
    }


@in_loop
async def test_group_that_is_gone_is_emptied_and_keeps_its_roles(ldap: Slapd) -> None:
    """So that its role means the same when it comes back under the same entry, and no more now."""
    async with governed(ldap) as scene:
        await scene.sync()
        await scene.assign("developers")
        token = await scene.token("alice", "alice's password")
        assert await scene.pull(token) == 404
        ldap.modify(f"dn: cn=developers,{GROUPS}\nchangetype: delete\n")
        status, _ = await scene.refused("POST", "/ldap/sync", {})
        assert status == 400
        done = await scene.sync(force=True)
        assert done["developers"] == ["emptied: the entry is gone"]
        assert await scene.pull(token) in {401, 403}
        assignments = await scene.registry.manage("GET", "/role-assignments")
    assert any("developers" in str(assignment) for assignment in assignments)


@in_loop
async def test_removing_the_server_ends_its_users(ldap: Slapd) -> None:
    """Only when that is said, since nobody would notice who stays signed in."""
    async with governed(ldap) as scene:
        await scene.sync()
        await scene.assign("engineering")
        token = await scene.token("alice", "alice's password")
        assert "--with-users" in (await scene.refused("DELETE", "/ldap"))[1]
        assert await scene.pull(token) == 404
        gone = await scene.registry.manage("DELETE", "/ldap?with_users=true")
        assert gone["disabled"] == ["alice", "bob", "carol"]
        assert await scene.pull(token) == 401
        assert (await scene.refused("GET", "/ldap"))[0] == 404
        await scene.set_up()
        assert (await scene.sync())["alice"] == ["enabled"]
        assert await scene.pull(await scene.token("alice", "alice's password")) == 404


@pytest.mark.parametrize("name", ["a b", "ümlaut", "demoregistry"])
@in_loop
async def test_names_that_cannot_be_user_names_stay_out(ldap: Slapd, name: str) -> None:
    """With the reason; everybody else comes in."""
    ldap.add(person(name, "some password"))
    async with governed(ldap) as scene:
        left_out = await scene.left_out()
        await scene.sync()
        assert set(left_out) == {name}
        assert set(await scene.states()) == {"alice", "bob", "carol"}


@in_loop
async def test_one_name_of_two_entries_is_nobodys(ldap: Slapd) -> None:
    """Which of the two it is would be a matter of luck."""
    ldap.add(
        f"dn: ou=more,{PEOPLE}\nobjectClass: organizationalUnit\nou: more\n\n"
        + person("alice", "the other's password").replace(PEOPLE, f"ou=more,{PEOPLE}", 1)
    )
    async with governed(ldap) as scene:
        assert "several entries" in (await scene.left_out())["alice"]
        await scene.sync()
        assert set(await scene.states()) == {"bob", "carol"}


@in_loop
async def test_what_was_read_before_another_sync_is_not_carried_out(ldap: Slapd) -> None:
    """Or whom the other one disabled would be let in again."""
    async with governed(ldap) as scene:
        headers = {"content-type": "application/json"}
        answers = await asyncio.gather(
            *(
                scene.registry.ask(
                    "POST", "/api/v1/ldap/sync", headers=headers, body=b"{}", inside=True
                )
                for _ in range(2)
            )
        )
        assert sorted(answer.status for answer in answers) == [200, 400]
        assert await scene.sync() == {}


@in_loop
async def test_sync_needs_the_right_to_change_users_and_groups(ldap: Slapd) -> None:
    """The right to set the server up alone makes nobody."""
    async with governed(ldap) as scene:
        registry = scene.registry
        directory = "Microsoft.Authorization/directory"
        made = await registry.manage("POST", "/service-principals", {"name": "robot"})
        for name, actions in (
            ("Setter", [f"{directory}/ldap/write"]),
            ("Keeper", [f"{directory}/users/write", f"{directory}/groups/write"]),
        ):
            role = {"name": name, "actions": actions, "assignable_scopes": ["/"]}
            await registry.manage("POST", "/role-definitions", role)
        headers = {
            "content-type": "application/json",
            "authorization": basic(made["client_id"], made["secret"]),
        }
        statuses = []
        for name in ("Keeper", "Setter"):
            answer = await registry.ask("POST", "/api/v1/ldap/sync", headers=headers, body=b"{}")
            statuses.append(answer.status)
            granted = {"role": name, "principal": made["client_id"], "scope": "/"}
            await registry.manage("POST", "/role-assignments", granted)
        answer = await registry.ask("POST", "/api/v1/ldap/sync", headers=headers, body=b"{}")
        assert [*statuses, answer.status] == [403, 403, 200]
