"""What is still to be done until the unmodified az works with a server; no I/O."""

from __future__ import annotations

from dataclasses import dataclass

from pratique.cli.az_server import AzServer
from pratique.cli.az_state import BUILT_IN, USUAL, AzState
from pratique.cli.failures import Failed


@dataclass(frozen=True, slots=True)
class Step:
    """One command of az.

    Attributes:
        words: without `az` itself.
        reason: why, in a few words.
        done: whether az is set so already.
    """

    words: tuple[str, ...]
    reason: str
    done: bool


DISCOVERY = Step(
    ("config", "set", "core.instance_discovery=false"),
    "or az asks login.microsoftonline.com about every other authority, and stops there",
    done=False,
)
NO_TELEMETRY = ("config", "set", "core.collect_telemetry=false")


def cloud_name(state: AzState, server: AzServer, wanted: str | None) -> str:
    """Under which name az is to know the server.

    Args:
        state: of az.
        server: in question.
        wanted: by the user; None for the name that it has there already, or the server's own.

    Raises:
        Failed: the name is that of another cloud.
    """
    if wanted is None:
        known = state.at(server.resource_manager)
        if known:
            return known[0].name
        host = server.resource_manager.partition("://")[2]
        return f"{server.name}-{host}" if _is_anothers(state, server, server.name) else server.name
    if wanted in BUILT_IN:
        raise Failed(f"`{wanted}` is a cloud of Azure's own; choose another --name")
    if _is_anothers(state, server, wanted):
        other = state.named(wanted)
        raise Failed(
            f"az knows `{wanted}` as {other.resource_manager if other else 'another server'}; "
            f"choose another --name, or forget it with `az cloud unregister -n {wanted}`"
        )
    return wanted


def steps(state: AzState, server: AzServer, name: str) -> list[Step]:
    """What az is to be told, in this order.

    Args:
        state: of az.
        server: in question.
        name: under which az is to know it.
    """
    known = state.named(name)
    how = "register" if known is None else "update"
    entry_is_right = known is not None and (
        known.resource_manager.lower() == server.resource_manager.lower()
        and known.authority.lower() == server.authority.lower()
        and known.suffix.removeprefix(".") == server.suffix
    )
    endpoint = ("--endpoint-resource-manager", server.resource_manager)
    return [
        Step(DISCOVERY.words, DISCOVERY.reason, done=not state.instance_discovery),
        Step(
            ("cloud", how, "-n", name, *endpoint),
            "where to sign in and whom to ask; read from the server once",
            done=entry_is_right,
        ),
        Step(("cloud", "set", "-n", name), "act there from now on", done=state.active == name),
    ]


def steps_back(state: AzState, resource_manager: str) -> list[Step]:
    """What az is to be told to forget a server, in this order; empty when it does not know it.

    Args:
        state: of az.
        resource_manager: address of the server.
    """
    known = state.at(resource_manager)
    back: list[Step] = []
    if any(cloud.name == state.active for cloud in known):
        back.append(Step(("cloud", "set", "-n", USUAL), "act in Azure's own cloud", done=False))
    back += [
        Step(("cloud", "unregister", "-n", cloud.name), "forget the server", done=False)
        for cloud in known
    ]
    # Other clouds that are nobody's but the user's own need it still.
    if known and len(known) == len(state.clouds) and not state.instance_discovery:
        words = ("config", "unset", "core.instance_discovery")
        back.append(Step(words, "ask about authorities again, as az does by itself", done=False))
    return back


def _is_anothers(state: AzState, server: AzServer, name: str) -> bool:
    known = state.named(name)
    return name in BUILT_IN or (
        known is not None and known.resource_manager.lower() != server.resource_manager.lower()
    )


def logins(tenant: str) -> dict[str, str]:
    """How each kind of principal signs in, as it is typed."""
    robot = "az login --service-principal -u CLIENT_ID"
    return {
        "service principal": f"{robot} -p SECRET --tenant {tenant}",
        "with a certificate": f"{robot} --certificate FILE --tenant {tenant}",
        "with a federated token": f'{robot} --federated-token "$TOKEN" --tenant {tenant}',
        "managed identity": "az login --identity --client-id CLIENT_ID",
        "person": f"az login --use-device-code --tenant {tenant}",
    }


def sdk_lines(server: AzServer, bundle: str | None) -> dict[str, tuple[str, ...]]:
    """What Azure's SDKs need, by language.

    Args:
        server: in question.
        bundle: file of the certificates to trust; None where the server's is a public one.
    """
    by_files = (f"export REQUESTS_CA_BUNDLE={bundle}",) if bundle else ()
    by_node = (f"export NODE_EXTRA_CA_CERTS={bundle}",) if bundle else ()
    by_go = (f"export SSL_CERT_FILE={bundle}",) if bundle else ()
    host = (f"export AZURE_AUTHORITY_HOST={server.authority}",)
    return {
        "Python": (
            *by_files,
            *host,
            "credential = ClientSecretCredential(..., disable_instance_discovery=True)",
        ),
        "JavaScript": (
            *by_node,
            *host,
            "new ClientSecretCredential(..., { disableInstanceDiscovery: true })",
        ),
        "Go": (
            *by_go,
            *host,
            "azidentity.ClientSecretCredentialOptions{DisableInstanceDiscovery: true}",
        ),
    }
