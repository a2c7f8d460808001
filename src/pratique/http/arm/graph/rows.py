"""Every row of Graph; a service principal and its application are one record here."""

from __future__ import annotations

from pratique.http.arm.directory_permissions import (
    GROUPS_READ,
    PRINCIPALS_DELETE,
    PRINCIPALS_READ,
    PRINCIPALS_WRITE,
    USERS_DELETE,
    USERS_READ,
    USERS_WRITE,
)
from pratique.http.arm.graph import applications, credentials, objects, people, service_principals
from pratique.http.arm.routes import Route, graph_row

_APPLICATION = "/applications/<principal>"
_PRINCIPAL = "/servicePrincipals/<principal>"
_FEDERATED = f"{_APPLICATION}/federatedIdentityCredentials"

ROWS: tuple[Route, ...] = (
    graph_row("POST", "/directoryObjects/getByIds", "", objects.get_by_ids),
    graph_row("GET", "/me", "", people.show_me),
    graph_row("GET", "/applications", PRINCIPALS_READ, applications.list_applications),
    graph_row("POST", "/applications", PRINCIPALS_WRITE, applications.create_application),
    graph_row("GET", _APPLICATION, PRINCIPALS_READ, applications.show_application),
    graph_row("PATCH", _APPLICATION, PRINCIPALS_WRITE, applications.update_application),
    graph_row("DELETE", _APPLICATION, PRINCIPALS_DELETE, applications.delete_application),
    graph_row("POST", f"{_APPLICATION}/addPassword", PRINCIPALS_WRITE, credentials.add_password),
    graph_row(
        "POST", f"{_APPLICATION}/removePassword", PRINCIPALS_WRITE, credentials.remove_password
    ),
    graph_row("GET", _FEDERATED, PRINCIPALS_READ, credentials.list_federated_credentials),
    graph_row("POST", _FEDERATED, PRINCIPALS_WRITE, credentials.add_federated_credential),
    graph_row(
        "GET",
        f"{_FEDERATED}/<credential>",
        PRINCIPALS_READ,
        credentials.show_federated_credential,
    ),
    graph_row(
        "DELETE",
        f"{_FEDERATED}/<credential>",
        PRINCIPALS_WRITE,
        credentials.remove_federated_credential,
    ),
    graph_row(
        "GET", "/servicePrincipals", PRINCIPALS_READ, service_principals.list_service_principals
    ),
    graph_row(
        "POST",
        "/servicePrincipals",
        PRINCIPALS_WRITE,
        service_principals.create_service_principal,
    ),
    graph_row("GET", _PRINCIPAL, PRINCIPALS_READ, service_principals.show_service_principal),
    graph_row("DELETE", _PRINCIPAL, PRINCIPALS_DELETE, applications.delete_application),
    graph_row("POST", f"{_PRINCIPAL}/addPassword", PRINCIPALS_WRITE, credentials.add_password),
    graph_row(
        "POST", f"{_PRINCIPAL}/removePassword", PRINCIPALS_WRITE, credentials.remove_password
    ),
    graph_row("GET", "/users", USERS_READ, people.list_users),
    graph_row("POST", "/users", USERS_WRITE, people.create_user),
    graph_row("GET", "/users/<user>", USERS_READ, people.show_user),
    graph_row("DELETE", "/users/<user>", USERS_DELETE, people.delete_user),
    graph_row("GET", "/groups", GROUPS_READ, people.list_groups),
    graph_row("GET", "/groups/<group>", GROUPS_READ, people.show_group),
)
