"""What Azure's management SDKs do with a registry; run by the interpreter that az runs in."""

from __future__ import annotations

import json
import sys
from typing import Any

from azure.containerregistry import ContainerRegistryClient
from azure.core.exceptions import ClientAuthenticationError, ResourceExistsError
from azure.identity import ClientSecretCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.authorization.models import RoleAssignmentCreateParameters
from azure.mgmt.containerregistry import ContainerRegistryManagementClient
from azure.mgmt.msi import ManagedServiceIdentityClient

server, tenant, scope, boss, boss_secret, robot, robot_secret, robot_id = sys.argv[1:]
subscription, group = scope.split("/")[2], scope.split("/")[4]
authority = {"authority": server, "disable_instance_discovery": True}
credential = ClientSecretCredential(tenant, boss, boss_secret, **authority)
options = {"base_url": server, "credential_scopes": [f"{server}/.default"]}
found: dict[str, Any] = {}
FIRST, SECOND = (f"5d1c0000-0000-4000-8000-00000000000{n}" for n in (1, 2))

registries = ContainerRegistryManagementClient(credential, subscription, **options)
found["names"] = [registry.name for registry in registries.registries.list()]
shown = registries.registries.get(group, found["names"][0])
found["login_server"] = shown.login_server

roles = AuthorizationManagementClient(credential, subscription, **options)
[pulling] = roles.role_definitions.list(scope, filter="roleName eq 'AcrPull'")
wanted = RoleAssignmentCreateParameters(
    role_definition_id=pulling.id, principal_id=robot_id, principal_type="ServicePrincipal"
)


def listed() -> bool:
    """Whether the robot gets to see the repositories."""
    own = ClientSecretCredential(tenant, robot, robot_secret, **authority)
    with ContainerRegistryClient(server, own, retry_total=0) as client:
        try:
            return "sdk/app" in list(client.list_repository_names())
        except ClientAuthenticationError:
            return False


found["before"] = listed()
made = roles.role_assignments.create(scope, FIRST, wanted)
found["between"] = listed()
try:
    roles.role_assignments.create(scope, SECOND, wanted)
except ResourceExistsError as error:
    found["twice"] = error.error.code if error.error else ""
assignments = roles.role_assignments.list_for_scope(scope, filter=f"principalId eq '{robot_id}'")
found["assigned"] = [assignment.name for assignment in assignments] == [made.name]
roles.role_assignments.delete(scope, made.name)
found["after"] = listed()

identities = ManagedServiceIdentityClient(credential, subscription, **options)
identity = identities.user_assigned_identities.create_or_update(
    group, "sdk-identity", {"location": "local"}
)
names = [i.name for i in identities.user_assigned_identities.list_by_subscription()]
found["identity"] = identity.name in names
sys.stdout.write(json.dumps(found))
