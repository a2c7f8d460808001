"""Every way in with Docker, Podman and Skopeo: refused, granted, pulled, taken back, refused."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tests.clients.commands import Missing, Printed
from tests.clients.conftest import ALL_REQUIRED
from tests.clients.governed import Governed, NotAdmitted, governed
from tests.clients.registry_clients import RegistryClient
from tests.clients.ways_by_directory import (
    by_certificate,
    by_device_code,
    by_managed_identity,
    by_outside_token,
    by_workload_identity,
)
from tests.clients.ways_in import (
    Entry,
    Way,
    as_admin_user,
    as_nobody,
    by_password,
    by_secret,
    by_token,
)
from tests.clients.workshop import Workshop
from tests.federation.foreign_provider import foreign_provider

pytestmark = [pytest.mark.clients, pytest.mark.live]

_WAYS: dict[str, Way] = {
    "secret": by_secret,
    "certificate": by_certificate,
    "workload-identity": by_workload_identity,
    "outside-token": by_outside_token,
    "managed-identity": by_managed_identity,
    "password": by_password,
    "device-code": by_device_code,
    "admin-user": as_admin_user,
    "token": by_token,
    "anonymous": as_nobody,
}
# Nobody has no credential to lose.
_WITH_CREDENTIALS = [way for way in _WAYS if way != "anonymous"]
# All that Podman and Skopeo print of a refused login, whatever the registry said.
_SILENT = "invalid username/password"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Governed]:
    """A registry behind TLS, within reach of an outside issuer."""
    with (
        foreign_provider() as issuer,
        governed(tmp_path_factory.mktemp("ways"), issuer) as served,
    ):
        yield served


@pytest.fixture(params=["docker", "podman", "skopeo"])
def client(request: pytest.FixtureRequest, workshop: Workshop) -> RegistryClient:
    """Each of the three clients, without any login."""
    try:
        return workshop.client(request.param)
    except Missing as missing:
        if os.environ.get(ALL_REQUIRED):
            pytest.fail(f"{missing}, and {ALL_REQUIRED} is set")
        pytest.skip(str(missing))


@pytest.fixture
def entry(
    request: pytest.FixtureRequest, registry: Governed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Entry]:
    """Somebody new at the way that the test names."""
    with _WAYS[request.param](registry, tmp_path_factory.mktemp("way")) as somebody:
        yield somebody


@pytest.mark.parametrize("entry", _WAYS, indirect=True)
def test_the_right_to_pull_counts_from_the_next_request(
    registry: Governed, client: RegistryClient, entry: Entry
) -> None:
    """Refused with the reason, granted, pulled; taken back, refused with the reason again."""
    refused = _comes_and_pulls(registry, client, entry)
    entry.grant()
    pulled = _comes_and_pulls(registry, client, entry).expect_success()
    entry.take_back()
    refused_again = client.pull(registry.reference)

    assert pulled.digest == registry.image.digest
    _expect_refusal(refused, entry.ungranted)
    _expect_refusal(refused_again, entry.ungranted)


@pytest.mark.parametrize("entry", _WITH_CREDENTIALS, indirect=True)
def test_a_credential_counts_until_it_is_taken_away(
    registry: Governed, client: RegistryClient, entry: Entry
) -> None:
    """Pulled with it; without it the login that was made before is refused, and so is a new one."""
    entry.grant()
    pulled = _comes_and_pulls(registry, client, entry).expect_success()
    entry.void()
    refused = client.pull(registry.reference)
    refused_anew = _comes_and_pulls(registry, client, entry)

    assert pulled.digest == registry.image.digest
    _expect_refusal(refused, entry.voided)
    _expect_refusal(refused_anew, entry.barred)


def _comes_and_pulls(registry: Governed, client: RegistryClient, entry: Entry) -> Printed:
    """What is said last: where somebody is refused, nothing further is tried."""
    try:
        account = entry.come()
    except NotAdmitted as refused:
        return Printed("the exchange", 1, str(refused))
    if account is not None:
        logged_in = client.log_in(registry.host, account)
        if logged_in.exit_code != 0:
            return logged_in
    return client.pull(registry.reference)


def _expect_refusal(printed: Printed, words: str) -> None:
    assert printed.exit_code != 0, printed
    silent = " login " in printed.command and _SILENT in printed.text
    assert silent or words in printed.text, printed
