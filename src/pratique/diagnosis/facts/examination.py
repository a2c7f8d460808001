"""Everything that one run of the doctor has seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from pratique.diagnosis.facts.azure_cli import AzSettings, AzVisit
from pratique.diagnosis.facts.conversation import (
    Certificate,
    Challenge,
    Exchange,
    Failure,
    TokenRequest,
)
from pratique.diagnosis.facts.credentials import Client, Credentials, Kubernetes
from pratique.diagnosis.facts.settings import ClientSettings
from pratique.diagnosis.references import Misread, Reference


class Outcome(Enum):
    """How the walk ended."""

    GRANTED = "granted"
    MISREAD = "the image's name is not one"
    UNREACHABLE = "the registry cannot be reached"
    NOT_A_REGISTRY = "what answers is not a registry"
    NO_TOKEN = "no token was given"
    REFUSED = "the registry refused"
    MISSING = "it is not there"
    NO_PLATFORM = "it is not there for this platform"
    BROKEN = "it is damaged or its storage is out of reach"
    THROTTLED = "too many requests"
    FORBIDDEN_HERE = "the client's own settings forbid to ask"
    UNTESTED = "nothing was asked"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be found out.

    Attributes:
        image: as it was typed; for a login alone, the host.
        client: whose way of pulling is followed.
        push: whether pushing is to be tried as well.
        mount_from: a repository of the same registry from which a push would take layers.
        login_only: whether only the login to a host is of interest.
        offline: whether nothing may be sent.
        platform: `os/architecture[/variant]`; empty for this machine's.
        az: whether the Azure CLI is looked at in any case; else only where it knows the registry.
    """

    image: str
    client: Client = Client.DOCKER
    push: bool = False
    mount_from: str = ""
    login_only: bool = False
    offline: bool = False
    platform: str = ""
    az: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where the doctor runs."""

    user: str
    home: str
    is_root: bool
    system: str
    architecture: str
    variant: str
    sudo_user: str
    github_actions: bool
    gitlab_job: bool
    now: datetime


@dataclass(frozen=True, slots=True)
class Host:
    """A server, as far as it could be reached.

    Attributes:
        url: `https://HOST[:PORT]`, with the scheme by which it was reached.
        addresses: of its name; none behind a proxy, which looks names up itself.
        private_link: address of the `privatelink` name, where the host has one.
        proxy: through which it was asked, without a password; empty when directly.
        failure: None when it was reached.
        certificate: that it showed.
    """

    url: str
    addresses: tuple[str, ...] = ()
    private_link: str = ""
    proxy: str = ""
    failure: Failure | None = None
    certificate: Certificate | None = None


@dataclass(frozen=True, slots=True)
class ManifestRequest:
    """A manifest was asked for.

    Attributes:
        reference: tag or digest.
        exchange: the request.
        media_type: of what came.
        is_manifest: whether what came in answer to a GET is one at all.
        platforms: of an index, each `os/architecture[/variant]`.
        digest_matches: whether its bytes have the digest that was asked for or announced; None
            when there was nothing to compare.
        foreign_hosts: of layers that are kept elsewhere (`urls`).
    """

    reference: str
    exchange: Exchange
    media_type: str = ""
    is_manifest: bool = True
    platforms: tuple[str, ...] = ()
    digest_matches: bool | None = None
    foreign_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BlobRequest:
    """The first byte of a blob was asked for.

    Attributes:
        digest: of the blob.
        exchange: with the registry.
        redirected: requests to other places that followed, none of which had a credential.
    """

    digest: str
    exchange: Exchange
    redirected: tuple[Exchange, ...] = ()

    @property
    def last(self) -> Exchange:
        """The request that decided."""
        return self.redirected[-1] if self.redirected else self.exchange


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the walk, for people.

    Attributes:
        name: in a few words.
        well: whether it went well; None when it was not taken.
        words: what came of it.
        seconds: that it took.
    """

    name: str
    well: bool | None
    words: str
    seconds: float


@dataclass(slots=True)
class Examination:
    """What was seen; filled by the walk, step by step, and read by rules.

    Attributes:
        trust_faults: what is wrong with certificates that the client is told to trust.
        ping: `GET /v2/` without a credential.
        challenges: in that answer.
        refusal_challenges: in the answer that refused the manifest.
        anonymous: a token asked for without a credential.
        greeting: `/v2/` with the user name and password, where there are no tokens.
        identified: with the credential, for what the client needs.
        login: with the credential, without a scope; asked when `identified` was refused.
        together: for the scopes of a cross-repository mount at once.
        alone: for the push alone, asked when `together` was refused.
        manifests: HEAD and GET, index and image, in order; the first that was refused is the last.
        unsigned_manifest: the manifest asked for without any token, where `/v2/` asks for none.
        identified_manifest: with the pair itself, in the same case.
        repeated: the manifest once more, a second later; None when no token was given then.
        tags: `tags/list` after a refusal or a missing tag; its answer.
        known_tags: that it named.
        mirrors: `/v2/` of each mirror, by its address.
        neighbours: `/v2/` of the same name at each of its addresses.
        push: the beginning of an upload, which is then given up.
        az: how the Azure CLI is set up, where it is looked at.
        az_visit: what the registry told when it was asked as az does.
        explanation: what a Pratique server says about its refusal, as its management API gives it.
    """

    wish: Wish
    place: Place
    outcome: Outcome = Outcome.UNTESTED
    reference: Reference | None = None
    misread: Misread | None = None
    credentials: Credentials | None = None
    settings: ClientSettings = field(default_factory=ClientSettings)
    kubernetes: Kubernetes | None = None
    registry: Host | None = None
    realm: Host | None = None
    trust_faults: tuple[str, ...] = ()
    ping: Exchange | None = None
    challenges: tuple[Challenge, ...] = ()
    refusal_challenges: tuple[Challenge, ...] = ()
    greeting: Exchange | None = None
    anonymous: TokenRequest | None = None
    identified: TokenRequest | None = None
    login: TokenRequest | None = None
    together: TokenRequest | None = None
    alone: TokenRequest | None = None
    manifests: tuple[ManifestRequest, ...] = ()
    unsigned_manifest: Exchange | None = None
    identified_manifest: Exchange | None = None
    repeated: Exchange | None = None
    tags: Exchange | None = None
    known_tags: tuple[str, ...] = ()
    blobs: tuple[BlobRequest, ...] = ()
    mirrors: tuple[tuple[str, Exchange], ...] = ()
    neighbours: tuple[tuple[str, Exchange], ...] = ()
    push: Exchange | None = None
    decision_id: str = ""
    explanation: dict[str, object] | None = None
    az: AzSettings | None = None
    az_visit: AzVisit | None = None
    steps: list[Step] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
