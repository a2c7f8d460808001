"""Where clients look for credentials, and what is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from pratique.diagnosis.secret import Secret


class Client(Enum):
    """Whose way of pulling is followed."""

    DOCKER = "docker"
    CONTAINERD = "containerd"
    PODMAN = "podman"


class Origin(Enum):
    """What kind of place a source of credentials is."""

    DOCKER_ENVIRONMENT = "the variable DOCKER_AUTH_CONFIG"
    DOCKER_FILE = "docker's configuration"
    CONTAINERS_FILE = "podman's logins"
    PULL_SECRET = "a pull secret"
    KUBELET_FILE = "the kubelet's configuration"
    KUBELET_PLUGIN = "the kubelet's credential provider"


class Holding(Enum):
    """How an entry holds its credential."""

    PAIR = "auth"
    IDENTITY_TOKEN = "identitytoken"
    HELPER = "credHelpers"
    STORE = "credsStore"
    REGISTRY_TOKEN = "registrytoken"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Credential:
    """What would be sent.

    Attributes:
        username: empty with an identity token alone.
        secret: password; empty when there is an identity token.
        identity_token: a refresh token (`identitytoken`), None when there is none.
        registry_token: a bearer token for the registry itself (`registrytoken`), None when there is
            none; docker sends it before all else.
    """

    username: str
    secret: Secret
    identity_token: Secret | None = None
    registry_token: Secret | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What one source says about one key.

    Attributes:
        key: the host, address or namespace as it is spelled there; for `credsStore` empty.
        holding: how.
        credential: None when it holds none, or when a helper gives it.
        helper: name of the helper, as in `docker-credential-NAME`; empty when there is none.
        fault: why what is there cannot be used, in words without the secret; empty when it can.
    """

    key: str
    holding: Holding
    credential: Credential | None = None
    helper: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A place where some client looks.

    Attributes:
        name: path, variable, or `Secret NAMESPACE/NAME`.
        origin: what kind of place.
        read: whether the client in question reads it, in this situation.
        order: which comes first among those that are read, 0 first.
        exists: whether it is there.
        fault: why it cannot be read, in words; empty when it can.
        fault_kind: `corrupt`, `forbidden`, `malformed-secret`, or empty.
        entries: in the order of the file.
        owner: user whose home holds it; empty for what is nobody's.
        reader: who else reads it, for sources that the client does not read: `root`, `kaniko`,
            `podman`, `docker`, or the name of a user; empty for what the client reads.
    """

    name: str
    origin: Origin
    read: bool
    order: int = 0
    exists: bool = True
    fault: str = ""
    fault_kind: str = ""
    entries: tuple[Entry, ...] = ()
    owner: str = ""
    reader: str = ""


class HelperOutcome(Enum):
    """How the run of a credential helper ended."""

    FOUND = "gave a credential"
    EMPTY = "has nothing for this host"
    MISSING = "is not installed"
    FAILED = "failed"
    TIMED_OUT = "did not answer in time"


@dataclass(frozen=True, slots=True)
class HelperRun:
    """One helper, really run.

    Attributes:
        helper: its name, without `docker-credential-`.
        source: name of the source that names it.
        key: what it was asked for.
        outcome: how it ended.
        credential: what it gave.
        said: what it printed when it gave none; without control characters, 500 at most.
        status: exit status, None when it did not end.
    """

    helper: str
    source: str
    key: str
    outcome: HelperOutcome
    credential: Credential | None = None
    said: str = ""
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The credential that the client would send, and where it comes from."""

    credential: Credential
    source: Source
    entry: Entry
    helper: HelperRun | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """All that was read.

    Attributes:
        key: what the client looks up for this image: a host with its port, or Docker Hub's address.
        sources: those the client reads first, in its order; then those that it does not.
        helpers: those that were run, for the host in question.
        choice: what the client would send, None when nothing.
        near: entries under a key that a person would take for the same host (scheme, port, path,
            case, another spelling of Docker Hub), but which the client does not find; with the
            source of each.
        elsewhere: entries for the right host in sources that the client does not read.
        overridden: entries for the right host in sources that the client reads, beaten by `choice`
            (or by a helper that answered before them).
    """

    key: str
    sources: tuple[Source, ...] = ()
    helpers: tuple[HelperRun, ...] = ()
    choice: Choice | None = None
    near: tuple[tuple[Source, Entry], ...] = ()
    elsewhere: tuple[tuple[Source, Entry], ...] = ()
    overridden: tuple[tuple[Source, Entry], ...] = ()


@dataclass(frozen=True, slots=True)
class PullSecret:
    """A Secret of a cluster, as far as it matters.

    Attributes:
        kind: its `type`.
        entries: keys of its configuration.
        fault: why it cannot be read (wrong type, broken base64, broken JSON, no such key).
    """

    namespace: str
    name: str
    kind: str = ""
    entries: tuple[Entry, ...] = ()
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Kubernetes:
    """What was read of a cluster (through kubectl) or of files that describe it.

    Attributes:
        namespace: of the pod or service account.
        pod: its name, empty when none was named.
        service_account: its name, empty when unknown.
        pod_secrets: `spec.imagePullSecrets` of the pod.
        account_secrets: `imagePullSecrets` of its service account.
        found: Secrets of the namespace that are of a kind for pulling, by name.
        missing: names that are referenced and not in the namespace.
        in_other_namespaces: for a missing name, the namespaces that have it.
        fault: why the cluster could not be asked, in words; empty when it could.
    """

    namespace: str = "default"
    pod: str = ""
    service_account: str = ""
    pod_secrets: tuple[str, ...] = ()
    account_secrets: tuple[str, ...] = ()
    found: tuple[PullSecret, ...] = ()
    missing: tuple[str, ...] = ()
    in_other_namespaces: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fault: str = ""
