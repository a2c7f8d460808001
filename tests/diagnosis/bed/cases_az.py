"""The Azure CLI at a registry that is not Azure's own: each of its traps, and the near miss."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.diagnosis.bed.cases_stored import private
from tests.diagnosis.bed.certificates import Shown
from tests.diagnosis.bed.harness import Case, Client, Question, Verdict, Wish, case, twin
from tests.diagnosis.bed.hosting import HOST, IMAGE, logged_in, registry_at, stored
from tests.diagnosis.bed.registries import Registry, on
from tests.diagnosis.bed.servers import Reply
from tests.diagnosis.bed.stage import Stage

from pratique.assembly import now

_TENANT = "11111111-2222-4333-8444-555555555555"
_OTHER_TENANT = "99999999-2222-4333-8444-555555555555"
_ROOTS = "/home/dev/roots.pem"
_TOKEN_URL = f"https://{HOST}/{_TENANT}/oauth2/v2.0/token"


@dataclass(frozen=True)
class _Az:
    """How az is set up; as it should be, unless a case changes it.

    Attributes:
        host: of the cloud's addresses.
        scheme: likewise.
        suffix: with its leading dot; None for none.
        active: the cloud in which it acts.
        discovery: what `core.instance_discovery` says; None where it is not set.
        account: cloud and tenant of the one account; None where nobody is signed in.
        roots: file of the certificates that it trusts; None for public roots.
        refusal: seconds for which it remembers one; None for none.
        refused_at: address of the token endpoint that refused.
        clients: that are installed.
        variables: further ones of the shell.
        asked_for: whether the doctor is asked about az.
    """

    host: str = HOST
    scheme: str = "https"
    suffix: str | None = ".example.com"
    active: str = "Pratique"
    discovery: str | None = "false"
    account: tuple[str, str] | None = ("Pratique", _TENANT)
    roots: str | None = _ROOTS
    refusal: int | None = None
    refused_at: str = _TOKEN_URL
    clients: tuple[str, ...] = ("docker", "podman")
    variables: dict[str, str] = field(default_factory=dict)
    asked_for: bool = False


def _serves_az(registry: Registry, host: str = HOST) -> None:
    root = f"https://{host}"
    document = {
        "name": "Pratique",
        "resourceManager": root,
        "authentication": {"loginEndpoint": root, "audiences": [f"{root}/"]},
        "suffixes": {"acrLoginServer": host.partition(".")[2]},
    }
    discovery = {"issuer": f"{root}/{_TENANT}/v2.0"}
    for path, content in (
        ("/metadata/endpoints.*", document),
        ("/organizations/v2.0/.well-known/openid-configuration", discovery),
    ):
        registry.bends.append(on(path, Reply(200, json.dumps(content).encode())))


def _cloud(az: _Az, secret: str) -> str:
    root = f"{az.scheme}://{az.host}"
    lines = [
        "[Pratique]",
        f"endpoint_resource_manager = {root}",
        f"endpoint_active_directory = {root}",
        f"endpoint_gallery = https://user:{secret}@example.net",
    ]
    if az.suffix is not None:
        lines.append(f"suffix_acr_login_server_endpoint = {az.suffix}")
    return "\n".join([*lines, ""])


def _set_up(stage: Stage, az: _Az) -> None:
    folder = az.variables.get("AZURE_CONFIG_DIR", f"{stage.home}/.azure")
    stage.write(f"{folder}/clouds.config", _cloud(az, stage.secret()))
    settings = f"[cloud]\nname = {az.active}\n"
    if az.discovery is not None:
        settings += f"[core]\ninstance_discovery = {az.discovery}\n"
    stage.write(f"{folder}/config", settings)
    accounts = []
    if az.account is not None:
        cloud, tenant = az.account
        accounts = [{"environmentName": cloud, "tenantId": tenant, "isDefault": True}]
    stage.write(f"{folder}/azureProfile.json", "\ufeff" + json.dumps({"subscriptions": accounts}))
    # What no doctor has any business with.
    stage.write(f"{folder}/service_principal_entries.json", json.dumps([stage.secret()]))
    stage.write(f"{folder}/msal_token_cache.json", json.dumps({"RefreshToken": stage.secret()}))
    if az.refusal is not None:
        at = int(now().timestamp())
        key = f"POST {az.refused_at} hash=0 400"
        index = [[at + az.refusal, at, key]], {key: [at + az.refusal, at]}
        kept = {key: {"text": stage.secret()}, "_index_": index}
        stage.write(f"{folder}/msal_http_cache.bin", pickle.dumps(kept))
    if az.roots is not None:
        stage.write(_ROOTS, stage.shared.trusted.pem)
        stage.environment["REQUESTS_CA_BUNDLE"] = az.roots
    for client in az.clients:
        stage.program(client, "exit 0")
    stage.environment.update(az.variables)


def _at(
    az: _Az, *, client: Client = Client.DOCKER, home: str = HOST
) -> Callable[[Stage], Question]:
    """A private registry, of the server whose first registry is at `home`."""

    def arrange(stage: Stage) -> Question:
        _serves_az(private(stage), home)
        _set_up(stage, az)
        return Question(Wish(f"{HOST}/{IMAGE}:1", client, az=az.asked_for))

    return arrange


def _offline(az: _Az) -> Callable[[Stage], Question]:
    def arrange(stage: Stage) -> Question:
        _set_up(stage, az)
        stored(stage, HOST, "ana")
        return Question(Wish(f"{HOST}/{IMAGE}:1", offline=True, az=True))

    return arrange


def _pulls_all_the_same(az: _Az) -> Callable[[Stage], Question]:
    """The pull works, whatever az is set to."""

    def arrange(stage: Stage) -> Question:
        registry = private(stage)
        _serves_az(registry)
        logged_in(stage, registry, everything="pull")
        _set_up(stage, az)
        return Question(Wish(f"{HOST}/{IMAGE}:1", az=az.asked_for))

    return arrange


def _admin_user(user: str, *, accepted: bool) -> Callable[[Stage], Question]:
    def arrange(stage: Stage) -> Question:
        registry = private(stage)
        _serves_az(registry)
        _set_up(stage, replace(_RIGHT, asked_for=True))
        if accepted:
            logged_in(stage, registry, user, everything="pull")
        else:
            stored(stage, HOST, user)
        return Question(Wish(f"{HOST}/{IMAGE}:1", az=True))

    return arrange


def _strange_authority(stage: Stage) -> Question:
    registry = registry_at(stage, HOST, shown=Shown((HOST,), trusted=False))
    _serves_az(registry)
    logged_in(stage, registry, everything="pull")
    stage.write(f"/etc/docker/certs.d/{HOST}/ca.crt", stage.shared.strange.pem)
    _set_up(stage, replace(_RIGHT, asked_for=True))
    return Question(Wish(f"{HOST}/{IMAGE}:1", az=True))


def _beside(az: _Az) -> Callable[[Stage], Question]:
    def arrange(stage: Stage) -> Question:
        private(stage)
        _set_up(stage, az)
        return Question(Wish(f"{HOST}/{IMAGE}:1"))

    return arrange


def _not_for_az(stage: Stage) -> Question:
    private(stage)
    _set_up(stage, replace(_RIGHT, host="other.example.com"))
    return Question(Wish(f"{HOST}/{IMAGE}:1", az=True))


def _with_port(host: str) -> Callable[[Stage], Question]:
    def arrange(stage: Stage) -> Question:
        registry = registry_at(stage, host, realm=f"https://{host}/token")
        _serves_az(registry, host)
        logged_in(stage, registry, everything="pull")
        port = ":8443" if ":" in host else ""
        _set_up(stage, replace(_RIGHT, host=host, suffix=f".example.com{port}"))
        return Question(Wish(f"{host}/{IMAGE}:1", az=True))

    return arrange


_RIGHT = _Az()
_HOME = "pratique.example.com"
_AT_HOME = replace(_RIGHT, host=_HOME, refused_at=f"https://{_HOME}/{_TENANT}/oauth2/v2.0/token")
_NOTHING = "no-credential-for-host"


def _case(name: str, az: _Az, cause: str, *others: str) -> Case:
    return case(f"az: {name}", _at(az), Verdict.PROVEN, cause, *others)


def _twin(name: str, az: _Az, of: str) -> Case:
    return twin(f"az: {name}", _at(az), Verdict.PROVEN, _NOTHING, of=of)


_NOT_SET = replace(_RIGHT, discovery=None)
_BY_VARIABLE = {"AZURE_CORE_INSTANCE_DISCOVERY": "false"}
_WAY_OUT = {"AZURE_CORE_INSTANCE_DISCOVERY": "true"}
_ELSEWHERE = {"AZURE_CONFIG_DIR": "/srv/az"}

CASES: tuple[Case, ...] = (
    _twin("all is right, and nobody has logged in", _RIGHT, "az-not-signed-in"),
    _case("nobody is signed in", replace(_RIGHT, account=None), "az-not-signed-in"),
    _case(
        "signed in to Azure alone",
        replace(_RIGHT, account=("AzureCloud", _OTHER_TENANT)),
        "az-not-signed-in",
    ),
    _case(
        "signed in to another tenant",
        replace(_RIGHT, account=("Pratique", _OTHER_TENANT)),
        "az-signed-in-elsewhere",
    ),
    _twin("signed in to the tenant", _RIGHT, "az-signed-in-elsewhere"),
    _case("discovery not switched off", _NOT_SET, "az-instance-discovery-on"),
    _case(
        "discovery switched on by a variable",
        replace(_RIGHT, variables=_WAY_OUT),
        "az-instance-discovery-on",
    ),
    _twin(
        "discovery switched off by a variable",
        replace(_NOT_SET, variables=_BY_VARIABLE),
        "az-instance-discovery-on",
    ),
    _case(
        "another folder",
        replace(_NOT_SET, variables=_ELSEWHERE),
        "az-instance-discovery-on",
    ),
    _case("another cloud active", replace(_RIGHT, active="AzureCloud"), "az-other-cloud-active"),
    _twin("the cloud is active", _RIGHT, "az-other-cloud-active"),
    _case("no suffix", replace(_RIGHT, suffix=None), "az-cloud-suffix-wrong"),
    _case("another suffix", replace(_RIGHT, suffix=".example.net"), "az-cloud-suffix-wrong"),
    _twin("suffix without a dot", replace(_RIGHT, suffix="example.com"), "az-cloud-suffix-wrong"),
    _case("plain http", replace(_RIGHT, scheme="http"), "az-cloud-without-tls"),
    _twin("https", _RIGHT, "az-cloud-without-tls"),
    _case("public roots alone", replace(_RIGHT, roots=None), "az-distrusts-certificate"),
    _case("a bundle that is gone", replace(_RIGHT, roots="/gone.pem"), "az-distrusts-certificate"),
    case(
        "az: an authority that docker alone knows",
        _strange_authority,
        Verdict.WELL,
        "az-distrusts-certificate",
    ),
    _twin(
        "no certificate is verified",
        replace(_RIGHT, roots=None, variables={"AZURE_CLI_DISABLE_CONNECTION_VERIFICATION": "1"}),
        "az-distrusts-certificate",
    ),
    _case("a refusal is remembered", replace(_RIGHT, refusal=50), "az-remembers-refusal"),
    _twin("a refusal is forgotten", replace(_RIGHT, refusal=-1), "az-remembers-refusal"),
    _twin(
        "a refusal of Azure's is remembered",
        replace(_RIGHT, refusal=50, refused_at="https://login.microsoftonline.com/t/token"),
        "az-remembers-refusal",
    ),
    _case("no client is installed", replace(_RIGHT, clients=()), "az-docker-command"),
    _case(
        "DOCKER_COMMAND names nothing",
        replace(_RIGHT, variables={"DOCKER_COMMAND": "nerdctl"}),
        "az-docker-command",
    ),
    _case(
        "DOCKER_COMMAND names another client than the one that pulls",
        replace(_RIGHT, variables={"DOCKER_COMMAND": "podman"}),
        "az-docker-command",
        _NOTHING,
    ),
    twin(
        "az: DOCKER_COMMAND names the client that pulls",
        _at(replace(_RIGHT, variables={"DOCKER_COMMAND": "podman"}), client=Client.PODMAN),
        Verdict.PROVEN,
        _NOTHING,
        of="az-docker-command",
    ),
    case(
        "az: a cloud of another server",
        _at(replace(_RIGHT, host="other.example.com", asked_for=True)),
        Verdict.PROVEN,
        "az-cloud-unknown",
    ),
    _twin(
        "a cloud of another server, and nobody asks about az",
        replace(_RIGHT, host="other.example.com"),
        "az-cloud-unknown",
    ),
    twin(
        "az: a further registry of a server that az knows",
        _at(replace(_AT_HOME, asked_for=True), home=_HOME),
        Verdict.PROVEN,
        _NOTHING,
        of="az-cloud-unknown",
    ),
    twin(
        "az: files alone, a further registry by the suffix",
        _offline(_AT_HOME),
        Verdict.WELL,
        of="az-cloud-unknown",
    ),
    case(
        "az: files alone, clouds of other servers",
        _offline(replace(_RIGHT, host="pratique.example.net", suffix=".example.net")),
        Verdict.SUSPECTED,
        "az-cloud-unknown",
    ),
    case(
        "az: the refusal of a further registry's server is remembered",
        _at(replace(_AT_HOME, refusal=50), home=_HOME),
        Verdict.PROVEN,
        "az-remembers-refusal",
    ),
    twin(
        "az: a registry beside one that az knows, of another maker",
        _beside(replace(_AT_HOME, refusal=50)),
        Verdict.PROVEN,
        _NOTHING,
        of="az-remembers-refusal",
    ),
    twin(
        "az: a registry that has nothing to tell az",
        _not_for_az,
        Verdict.PROVEN,
        _NOTHING,
        of="az-cloud-unknown",
    ),
    case(
        "az: files alone",
        _offline(replace(_NOT_SET, active="AzureCloud")),
        Verdict.PROVEN,
        "az-instance-discovery-on",
        "az-other-cloud-active",
    ),
    twin("az: files that are right", _offline(_RIGHT), Verdict.WELL, of="az-other-cloud-active"),
    twin(
        "az: the pull works, and nobody asks about az",
        _pulls_all_the_same(_NOT_SET),
        Verdict.WELL,
        of="az-instance-discovery-on",
    ),
    case(
        "az: the pull works, and az does not",
        _pulls_all_the_same(replace(_NOT_SET, asked_for=True)),
        Verdict.WELL,
        "az-instance-discovery-on",
    ),
    case(
        "az: the admin user's login that az made",
        _admin_user("registry", accepted=True),
        Verdict.WELL,
        "az-fell-back-to-admin-user",
    ),
    case(
        "az: the admin user's login that is refused",
        _admin_user("registry", accepted=False),
        Verdict.PROVEN,
        "az-fell-back-to-admin-user",
        "wrong-password",
    ),
    twin(
        "az: a login with a token",
        _admin_user("00000000-0000-0000-0000-000000000000", accepted=True),
        Verdict.WELL,
        of="az-fell-back-to-admin-user",
    ),
    case(
        "az: a login server with a port",
        _with_port("registry.example.com:8443"),
        Verdict.WELL,
        "az-login-server-with-port",
    ),
    twin(
        "az: a login server without a port",
        _with_port(HOST),
        Verdict.WELL,
        of="az-login-server-with-port",
    ),
)
