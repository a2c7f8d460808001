"""From the setup to a pull that is refused: a live registry and a real OpenLDAP server."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.live_server import LiveServer, live_server, pratique_command
from tests.support.slapd import BASE, GROUPS, PEOPLE, READER, Slapd, group, person, slapd

pytestmark = pytest.mark.live

SCOPE = "repository:team/app:pull"


@pytest.fixture
def ldap(tmp_path: Path) -> Iterator[Slapd]:
    """Three people; two are in a group, which is in another one."""
    with slapd(tmp_path / "slapd") as server:
        server.add(
            person("alice", "alice's password")
            + person("bob", "bob's password")
            + person("carol", "carol's password")
            + group("developers", f"uid=alice,{PEOPLE}", f"uid=bob,{PEOPLE}")
            + group("engineering", f"cn=developers,{GROUPS}")
        )
        yield server


@pytest.fixture
def server(tmp_path: Path, ldap: Slapd) -> Iterator[LiveServer]:
    """A registry with that server set up, and nobody from it yet."""
    with live_server(tmp_path / "data") as started:
        set_up(started, ldap)
        yield started


def set_up(server: LiveServer, ldap: Slapd, url: str | None = None) -> Any:
    """Take users from the server."""
    return server.pratique(
        *("ldap", "set", url or ldap.url, "--kind", "openldap"),
        *("--user-base", PEOPLE, "--group-base", GROUPS, "--bind-dn", READER),
        *("--bind-password-file", str(ldap.password_file), "--ca-file", str(ldap.ca_file)),
    )


def fails(server: LiveServer, *words: str, stdin: str = "") -> str:
    """What a verb says that ends with exit code 1."""
    command = [*pratique_command(), *words, "--data", str(server.data)]
    done = subprocess.run(
        command, input=stdin, check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1, done.stdout
    return done.stdout + done.stderr


def changes(done: Any) -> dict[str, list[str]]:
    """What a sync did, by name."""
    return {change["name"]: change["changes"] for change in done["changes"]}


def token(server: LiveServer, name: str, password: str) -> httpx.Response:
    """The answer to what `docker login` asks, with the scope of a pull."""
    address = f"{server.url}/oauth2/token?service={server.host}&scope={SCOPE}"
    return httpx.get(address, auth=(name, password), timeout=20)


def pull(server: LiveServer, access_token: str) -> int:
    """The status of a pull; 404 when it is admitted, since there is nothing to pull."""
    headers = {"authorization": f"Bearer {access_token}"}
    return httpx.get(f"{server.url}/v2/team/app/manifests/v1", headers=headers).status_code


def may_pull(server: LiveServer, name: str) -> int:
    """The status of a pull with a token that the user got just now; 404 when it is admitted."""
    granted = token(server, name, f"{name}'s password")
    assert granted.status_code == 200, granted.text
    return pull(server, granted.json()["access_token"])


def message(answer: httpx.Response) -> str:
    """The sentence of a refusal."""
    found: str = answer.json()["errors"][0]["message"]
    return found


def test_from_setup_to_revocation(server: LiveServer, ldap: Slapd) -> None:
    """Not known, synced, refused without a role, admitted through nested groups, disabled, out."""
    assert token(server, "alice", "alice's password").status_code == 401
    tried = server.pratique("ldap", "test", "alice")
    assert tried["good"]
    steps = [step["step"] for step in tried["steps"]]
    assert steps == ["connection", "TLS", "bind", "user", "groups"]
    expected = {
        "alice": ["added"],
        "bob": ["added"],
        "carol": ["added"],
        "developers": ["added", "members: 2 more, 0 fewer"],
        "engineering": ["added", "members: 1 more, 0 fewer"],
    }
    assert changes(server.pratique("ldap", "sync", "--dry-run")) == expected
    assert [user["username"] for user in server.pratique("user", "list")] == ["owner"]
    assert changes(server.pratique("ldap", "sync")) == expected
    assert changes(server.pratique("ldap", "sync")) == {}
    assert may_pull(server, "alice") == 403
    server.pratique("role", "assign", "AcrPull", "--to", "engineering")
    granted = token(server, "alice", "alice's password")
    assert granted.status_code == 200, granted.text
    access_token = granted.json()["access_token"]
    assert pull(server, access_token) == 404
    assert may_pull(server, "carol") == 403
    ldap.modify(
        f"dn: uid=alice,{PEOPLE}\nchangetype: modify\n"
        "add: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z\n"
    )
    assert changes(server.pratique("ldap", "sync")) == {
        "alice": ["disabled: may not sign in there"]
    }
    assert pull(server, access_token) == 401
    assert token(server, "alice", "alice's password").status_code == 401
    ldap.modify(f"dn: uid=alice,{PEOPLE}\nchangetype: modify\ndelete: pwdAccountLockedTime\n")
    assert changes(server.pratique("ldap", "sync")) == {"alice": ["enabled"]}
    assert pull(server, access_token) == 401, "what was revoked stays so"
    assert may_pull(server, "alice") == 404


def test_server_that_is_away_lets_nobody_in_and_blames_nobody(
    server: LiveServer, ldap: Slapd
) -> None:
    """Said as it is, at Basic and at the token service; not counted as wrong passwords."""
    server.pratique("ldap", "sync")
    server.pratique("registry", "update", "--password-grant", "on")
    server.pratique("role", "assign", "AcrPull", "--to", "alice")
    access_token = token(server, "alice", "alice's password").json()["access_token"]
    ldap.stop()
    for _ in range(12):
        refused = token(server, "alice", "alice's password")
        assert refused.status_code == 401
        assert "cannot be asked now" in message(refused)
    form = {
        "grant_type": "password",
        "client_id": "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
        "username": "alice",
        "password": "alice's password",
        "scope": "https://containerregistry.azure.net/.default",
    }
    address = f"{server.url}/organizations/oauth2/v2.0/token"
    for _ in range(12):
        answer = httpx.post(address, data=form, timeout=20)
        assert (answer.status_code, answer.json()["error_codes"]) == (503, [80001])
    assert pull(server, access_token) == 404, "who is signed in stays so"
    assert "nothing was changed" in fails(server, "ldap", "sync", "--force")
    assert "cannot be reached" in fails(server, "ldap", "test")
    ldap.start()
    assert httpx.post(address, data=form, timeout=20).status_code == 200
    assert token(server, "alice", "alice's password").status_code == 200


def test_setup_is_shown_and_never_the_password(server: LiveServer, ldap: Slapd) -> None:
    """The setup names the file; who comes over HTTP may read it and may not name files."""
    shown = server.pratique("ldap", "show")
    assert shown["bind_password_file"] == str(ldap.password_file)
    assert (shown["kind"], shown["users"], shown["synced"]) == ("openldap", 0, None)
    assert b"the reader's password" not in server.log.read_bytes()
    stolen = {
        "url": "ldap://127.0.0.1:1",
        "kind": "openldap",
        "user_base": BASE,
        "bind_dn": READER,
        "bind_password_file": "/etc/hostname",
    }
    address = f"{server.url}/api/v1/ldap"
    answer = httpx.put(address, json=stolen, auth=server.owner)
    assert answer.status_code == 400
    assert "--data" in message(answer)
    assert httpx.get(address, auth=server.owner).json()["url"] == ldap.url
    stolen.update(bind_dn="", bind_password_file="")
    assert httpx.put(address, json=stolen, auth=server.owner).status_code == 200
