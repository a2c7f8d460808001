"""The application on given stores, whichever they are."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime

from pratique.admission import ControlPlane, Gate, Ledger, SignInAttempts, Snapshots
from pratique.admission.application_gate import ApplicationGate
from pratique.admission.exchange_gate import ExchangeGate
from pratique.admission.imports import ImageSources, Imports
from pratique.admission.outside_tokens import OutsideTokens
from pratique.admission.own_tokens import OwnTokens
from pratique.admission.pending_sign_ins import PendingSignIns
from pratique.admission.recorder import Recorder
from pratique.admission.user_gate import UserGate
from pratique.assembly.sources import new_id, now
from pratique.http.application import ROWS, Application
from pratique.http.arm import ArmDoor
from pratique.http.dataplane import DataPlane
from pratique.http.documents import Documents
from pratique.http.edge import Entrance
from pratique.http.edge.limits import Limiter
from pratique.http.help import HelpPage
from pratique.http.help.reasoning import Reasonings
from pratique.http.management import Management
from pratique.http.sts import Sts
from pratique.http.sts.client_authentication import ClientAuthentication
from pratique.http.sts.client_credentials import ClientCredentials
from pratique.http.sts.discovery import discovery_endpoints
from pratique.http.sts.grants import Grant, token_endpoints
from pratique.http.sts.people import user_sign_in
from pratique.http.tokens import Exchange, TokenEndpoint
from pratique.identity import PasswordHasher, SignInFailure, UserPasswords
from pratique.identity.federation import IssuerKeys, OutsideKeys
from pratique.identity.ldap import LdapDirectory
from pratique.naming.hosts import AllowedHosts
from pratique.observability import LineLog, Meter, metrics_table
from pratique.observability.spans import NoSpans, Spans, told_of_verdict
from pratique.outgoing import DiscoveredKeys, LdapServers, RemoteRegistries
from pratique.registry import Registry

METRICS = metrics_table(ROWS, tuple(SignInFailure))


def compose(  # noqa: PLR0913 - one for each thing that is chosen here
    *,
    ledger: Ledger,
    snapshots: Snapshots,
    attempts: SignInAttempts,
    pending: PendingSignIns,
    content: Registry,
    passwords: PasswordHasher,
    log: LineLog,
    recorder: Recorder,
    clock: Callable[[], datetime] = now,
    external_url: str | None = None,
    issuers: OutsideKeys | None = None,
    ldap: LdapDirectory | None = None,
    sources: ImageSources | None = None,
    meter: Meter | None = None,
    limiter: Limiter | None = None,
    spans: Spans | None = None,
) -> Application:
    """The application on these stores, whichever they are."""
    meter = meter or Meter.unseen(METRICS)
    issuers = issuers or DiscoveredKeys(allow_private=False)
    ldap = ldap or LdapServers()
    of_users = UserPasswords(passwords, ldap)
    outside = OutsideTokens(IssuerKeys(issuers, clock))
    spans = spans or NoSpans()
    gate = spans.around(Gate(snapshots, attempts, of_users, clock), "", {"authenticate"})
    gate = spans.around(gate, "", {"decide"}, told_of_verdict)
    control = ControlPlane(
        gate,
        ledger,
        clock=clock,
        new_id=new_id,
        random_bytes=secrets.token_bytes,
        recorder=recorder,
    )
    entrance = Entrance(gate, log, new_id, external_url, recorder, meter, limiter)
    clients = ClientAuthentication(
        spans.around(ApplicationGate(attempts, outside), "", {"authenticate"}), entrance
    )
    user_gate = UserGate(attempts, of_users, pending)
    people = user_sign_in(
        gate=user_gate,
        pending=pending,
        entrance=entrance,
        clock=clock,
        new_id=new_id,
        random_bytes=secrets.token_bytes,
    )
    grants: dict[str, Grant] = {
        "client_credentials": ClientCredentials(clients, new_id),
        **people.grants,
    }
    sources = sources or RemoteRegistries(AllowedHosts())
    imports = Imports(gate, content, sources, pending, recorder, log, clock, new_id)
    return Application(
        entrance,
        DataPlane(entrance, content, clock),
        TokenEndpoint(entrance, clock, new_id),
        Management(entrance, control, passwords, content, issuers, ldap, imports),
        Exchange(
            entrance,
            spans.around(ExchangeGate(attempts, outside, user_gate), "", {"authenticate"}),
            clock,
            new_id,
        ),
        Sts(
            {**discovery_endpoints(), **token_endpoints(grants), **people.endpoints}, clock, new_id
        ),
        people.device_page,
        HelpPage(recorder, Reasonings(entrance, control), people.steps, people.browsers, clock),
        ArmDoor(entrance, control, OwnTokens(user_gate), passwords, imports),
        Documents(entrance),
    )
