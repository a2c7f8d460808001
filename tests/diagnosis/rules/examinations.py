"""Examinations made by hand: a registry that refuses, and whatever was read before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from pratique.diagnosis.facts.conversation import (
    Answer,
    Challenge,
    Exchange,
    Failed,
    Failure,
    Sent,
    Stage,
    TokenRequest,
)
from pratique.diagnosis.facts.credentials import (
    Choice,
    Client,
    Credential,
    Credentials,
    Entry,
    HelperRun,
    Holding,
    Kubernetes,
    Origin,
    Source,
)
from pratique.diagnosis.facts.examination import (
    Examination,
    ManifestRequest,
    Outcome,
    Place,
    Wish,
)
from pratique.diagnosis.facts.settings import ClientSettings
from pratique.diagnosis.findings import Finding
from pratique.diagnosis.references import Misread, read_reference
from pratique.diagnosis.rules import client_files, clusters, stored
from pratique.diagnosis.secret import Secret

HOST = "registry.example.com"
FILE = "/home/ann/.docker/config.json"
PASSWORD = "a-password"
NOW = datetime.fromtimestamp(1_000_000, UTC)


def pair(username: str = "ana", secret: str = PASSWORD) -> Credential:
    """A user name and password."""
    return Credential(username, Secret(secret))


def login(key: str = HOST, username: str = "ana", secret: str = PASSWORD) -> Entry:
    """An entry with a user name and password."""
    return Entry(key, Holding.PAIR, pair(username, secret))


def source(
    *entries: Entry,
    name: str = FILE,
    origin: Origin = Origin.DOCKER_FILE,
    read: bool = True,
    order: int = 0,
    fault: str = "",
    fault_kind: str = "",
    owner: str = "ann",
) -> Source:
    """A file of docker's that is read, with these entries."""
    return Source(
        name,
        origin,
        read=read,
        order=order,
        fault=fault,
        fault_kind=fault_kind,
        entries=entries,
        owner=owner,
    )


def chosen(entry: Entry, place: Source, run: HelperRun | None = None) -> Choice:
    """The choice of an entry, or of what its helper gave."""
    credential = run.credential if run is not None else entry.credential
    assert credential is not None
    return Choice(credential, place, entry, run)


def exchange(
    status: int, *, sent: Sent = Sent.BEARER, failed: Failed | None = None, body: bytes = b""
) -> Exchange:
    """A request that was answered with a status, or failed."""
    failure = Failure(Stage.CONNECT, failed, "it failed") if failed is not None else None
    answer = None if failure else Answer(status, (), body)
    return Exchange("GET", f"https://{HOST}/v2/", sent, answer, failure, "203.0.113.1", NOW, 0.1)


def refused_token() -> TokenRequest:
    """A token that was not given to a user name and password."""
    return TokenRequest((), Sent.PAIR, (exchange(401, sent=Sent.PAIR),), token=False)


def examination(
    image: str = f"{HOST}/team/app:1",
    client: Client = Client.DOCKER,
    *,
    outcome: Outcome = Outcome.REFUSED,
    status: int = 401,
    credentials: Credentials | None = None,
    kubernetes: Kubernetes | None = None,
    settings: ClientSettings | None = None,
    login_refused: bool = False,
    user: str = "ann",
    sudo_user: str = "",
) -> Examination:
    """What was seen of a pull; with `UNTESTED`, offline.

    Args:
        image: as it was typed.
        client: who pulls.
        outcome: how it ended.
        status: of the manifest; 0 for a manifest that was never asked for.
        credentials: that were read; none when None.
        kubernetes: what was read of a cluster.
        settings: of the client.
        login_refused: whether the credential is not accepted at all.
        user: who runs the doctor.
        sudo_user: who called sudo.
    """
    offline = outcome is Outcome.UNTESTED
    place = Place(
        user=user,
        home=f"/home/{user}",
        is_root=user == "root",
        system="linux",
        architecture="amd64",
        variant="",
        sudo_user=sudo_user,
        github_actions=False,
        gitlab_job=False,
        now=NOW,
    )
    seen = Examination(Wish(image, client, offline=offline), place, outcome, kubernetes=kubernetes)
    try:
        seen.reference = read_reference(image)
    except Misread as misread:
        seen.misread = misread
        return seen
    key = seen.reference.host
    if key == "docker.io" and client is Client.DOCKER:
        key = "https://index.docker.io/v1/"
    seen.credentials = credentials or Credentials(key)
    seen.settings = settings or ClientSettings()
    if not offline:
        seen.ping = exchange(401, sent=Sent.NOTHING)
        if status:
            seen.manifests = (ManifestRequest("1", exchange(status)),)
        if login_refused:
            seen.outcome = Outcome.NO_TOKEN
            seen.manifests = ()
            seen.identified = seen.login = refused_token()
    return seen


def credentials(
    *sources: Source,
    choice: Choice | None = None,
    near: Sequence[tuple[Source, Entry]] = (),
    elsewhere: Sequence[tuple[Source, Entry]] = (),
    overridden: Sequence[tuple[Source, Entry]] = (),
    helpers: Sequence[HelperRun] = (),
    key: str = HOST,
) -> Credentials:
    """What was read."""
    return Credentials(
        key,
        sources,
        tuple(helpers),
        choice,
        tuple(near),
        tuple(elsewhere),
        tuple(overridden),
    )


def challenged(seen: Examination, realm: str, service: str) -> Examination:
    """The same with a challenge for tokens."""
    seen.challenges = (Challenge("bearer", {"realm": realm, "service": service}),)
    return seen


def found(seen: Examination) -> dict[str, Finding]:
    """What the rules about files, clusters and settings find, by cause; each once."""
    rules = (*stored.RULES, *clusters.RULES, *client_files.RULES)
    findings = [finding for rule in rules for finding in rule(seen)]
    by_cause = {finding.cause.id: finding for finding in findings}
    assert len(by_cause) == len(findings)
    return by_cause


def told(seen: Examination) -> dict[str, bool]:
    """Causes that are found, and whether for certain."""
    return {cause: finding.certain for cause, finding in found(seen).items()}
