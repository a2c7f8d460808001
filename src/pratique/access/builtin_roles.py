"""Azure's built-in roles that bear on a registry, with their real GUIDs (reference 4.1)."""

from __future__ import annotations

from pratique.access.roles import PermissionSet, RoleDefinition

_REGISTRIES = "Microsoft.ContainerRegistry/registries/"
_REPOSITORY_READ = ("repositories/metadata/read", "repositories/content/read")
_REPOSITORY_WRITE = (*_REPOSITORY_READ, "repositories/metadata/write", "repositories/content/write")
_REPOSITORY_DELETE = (
    *_REPOSITORY_WRITE,
    "repositories/metadata/delete",
    "repositories/content/delete",
)


def _on_registry(*names: str) -> tuple[str, ...]:
    return tuple(_REGISTRIES + name for name in names)


def _each(resource: str, *verbs: str) -> tuple[str, ...]:
    return tuple(f"{_REGISTRIES}{resource}/{verb}" for verb in verbs)


def _role(
    role_id: str,
    name: str,
    description: str,
    *,
    actions: tuple[str, ...] = (),
    not_actions: tuple[str, ...] = (),
    data_actions: tuple[str, ...] = (),
) -> RoleDefinition:
    permissions = PermissionSet(actions, not_actions, data_actions)
    return RoleDefinition(role_id, name, description, (permissions,), built_in=True)


_ALERT_RULES = tuple(
    f"Microsoft.Insights/AlertRules/{verb}"
    for verb in (
        *("Write", "Delete", "Read", "Activated/Action"),
        *("Resolved/Action", "Throttled/Action", "Incidents/Read"),
    )
)
_DIAGNOSTICS = _each(
    "providers/Microsoft.Insights",
    *("diagnosticSettings/read", "diagnosticSettings/write"),
    *("logDefinitions/read", "metricDefinitions/read"),
)
_CRUD = ("read", "write", "delete", "operationStatuses/read")

_CONFIGURATION_ADMINISTRATOR = (
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Authorization/*/read",
    "Microsoft.ContainerRegistry/locations/operationResults/read",
    *_on_registry("operationStatuses/read", "read", "write", "delete"),
    *_on_registry(
        "listCredentials/action", "regenerateCredential/action", "generateCredentials/action"
    ),
    *_each("replications", *_CRUD),
    *_on_registry("privateEndpointConnectionsApproval/action"),
    *_each("privateEndpointConnections", *_CRUD),
    *_each("tokens", *_CRUD),
    *_each("scopeMaps", *_CRUD),
    *_DIAGNOSTICS,
    *_each("connectedRegistries", "read", "write", "delete", "deactivate/action"),
    *_each("webhooks", "read", "write", "delete", "operationStatuses/read"),
    *_each("webhooks", "getCallbackConfig/action", "ping/action", "listEvents/action"),
    *_ALERT_RULES,
    "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action",
    "Microsoft.Network/virtualNetworks/subnets/read",
    "Microsoft.Network/virtualNetworks/subnets/write",
    "Microsoft.Network/virtualNetworks/read",
    "Microsoft.Network/privateEndpoints/privateLinkServiceProxies/write",
)

_CONFIGURATION_READER = (
    *_on_registry("operationStatuses/read", "read"),
    *_each("privateEndpointConnections", "read", "operationStatuses/read"),
    *_on_registry("listCredentials/action"),
    *_each("tokens", "read", "operationStatuses/read"),
    *_each("scopeMaps", "read", "operationStatuses/read"),
    *_each("webhooks", "read", "getCallbackConfig/action", "listEvents/action"),
    *_each("webhooks", "operationStatuses/read"),
    *_each("replications", "read", "operationStatuses/read"),
    *_on_registry("connectedRegistries/read"),
    *_DIAGNOSTICS,
    *_ALERT_RULES,
)

_TASKS = (
    *_each("agentpools", "read", "write", "delete", "listQueueStatus/action"),
    *_each("agentpools", "operationResults/status/read", "operationStatuses/read"),
    *_each("tasks", "read", "write", "delete", "listDetails/action"),
    *_on_registry("scheduleRun/action", "listBuildSourceUploadUrl/action"),
    *_each("runs", "read", "write", "listLogSasUrl/action", "cancel/action"),
    *_each("taskruns", "read", "write", "delete", "listDetails/action", "operationStatuses/read"),
    *_on_registry("read"),
    "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
)

_CONTRIBUTOR_LACKS = (
    "Microsoft.Authorization/*/Delete",
    "Microsoft.Authorization/*/Write",
    "Microsoft.Authorization/elevateAccess/Action",
    "Microsoft.Blueprint/blueprintAssignments/write",
    "Microsoft.Blueprint/blueprintAssignments/delete",
    "Microsoft.Compute/galleries/share/action",
    "Microsoft.Purview/consents/write",
    "Microsoft.Purview/consents/delete",
    "Microsoft.Resources/deploymentStacks/manageDenySetting/action",
    "Microsoft.Subscription/cancel/action",
    "Microsoft.Subscription/enable/action",
)

_DEFINITIONS = (
    _role(
        "7f951dda-4ed3-4680-a7ca-43fe172d538d",
        "AcrPull",
        "Pull images of any repository.",
        actions=_on_registry("pull/read"),
    ),
    _role(
        "8311e382-0749-4cb8-b61a-304f252e45ec",
        "AcrPush",
        "Push and pull images of any repository.",
        actions=_on_registry("pull/read", "push/write"),
    ),
    _role(
        "c2f4ef07-c644-48eb-af81-4b1b4947fb11",
        "AcrDelete",
        "Delete images of any repository.",
        actions=_on_registry("artifacts/delete"),
    ),
    _role(
        "6cef56e8-d556-48e5-a04f-b8e64114680f",
        "AcrImageSigner",
        "Sign images.",
        actions=_on_registry("sign/write"),
        data_actions=_on_registry("trustedCollections/write"),
    ),
    _role(
        "cdda3590-29a3-44f6-95f2-9f980659eb04",
        "AcrQuarantineReader",
        "Pull images that are in quarantine.",
        actions=_on_registry("quarantine/read"),
        data_actions=_on_registry("quarantinedArtifacts/read"),
    ),
    _role(
        "c8d4ff99-41c3-41a8-9f60-21dfdad59608",
        "AcrQuarantineWriter",
        "Pull images that are in quarantine and change their state.",
        actions=_on_registry("quarantine/read", "quarantine/write"),
        data_actions=_on_registry("quarantinedArtifacts/read", "quarantinedArtifacts/write"),
    ),
    _role(
        "b93aa761-3e63-49ed-ac28-beffa264f7ac",
        "Container Registry Repository Reader",
        "Read content and metadata of repositories, where the registry is in mode abac.",
        data_actions=_on_registry(*_REPOSITORY_READ),
    ),
    _role(
        "2a1e307c-b015-4ebd-883e-5b7698a07328",
        "Container Registry Repository Writer",
        "Read and write content and metadata of repositories, where the registry is in mode abac.",
        data_actions=_on_registry(*_REPOSITORY_WRITE),
    ),
    _role(
        "2efddaa5-3f1f-4df3-97df-af3f13818f4c",
        "Container Registry Repository Contributor",
        "Read, write and delete content and metadata of repositories, where the registry is in "
        "mode abac.",
        data_actions=_on_registry(*_REPOSITORY_DELETE),
    ),
    _role(
        "bfdb9389-c9a5-478a-bb2f-ba9ca092c3c7",
        "Container Registry Repository Catalog Lister",
        "List all repositories, where the registry is in mode abac.",
        data_actions=_on_registry("catalog/read"),
    ),
    _role(
        "577a9874-89fd-4f24-9dbd-b5034d0ad23a",
        "Container Registry Data Importer and Data Reader",
        "Import images, and read content, metadata and the catalog.",
        actions=_on_registry("importImage/action", "read", "pull/read"),
        data_actions=_on_registry(
            "repositories/content/read", "repositories/metadata/read", "catalog/read"
        ),
    ),
    _role(
        "3bc748fc-213d-45c1-8d91-9da5725539b9",
        "Container Registry Contributor and Data Access Configuration Administrator",
        "Manage registries and the credentials that give access to their data.",
        actions=_CONFIGURATION_ADMINISTRATOR,
    ),
    _role(
        "69b07be0-09bf-439a-b9a6-e73de851bd59",
        "Container Registry Configuration Reader and Data Access Configuration Reader",
        "See how registries are set up; carries the right to read the admin user's credentials.",
        actions=_CONFIGURATION_READER,
    ),
    _role(
        "fb382eab-e894-4461-af04-94435c366c3f",
        "Container Registry Tasks Contributor",
        "Set up and run tasks of registries.",
        actions=_TASKS,
    ),
    _role(
        "bf94e731-3a51-4a7c-8c54-a1ab9971dfc1",
        "Container Registry Transfer Pipeline Contributor",
        "Set up and run transfer pipelines.",
        actions=(
            *_each("exportPipelines", "read", "write", "delete"),
            *_each("importPipelines", "read", "write", "delete"),
            *_each("pipelineRuns", "read", "write", "delete", "operationStatuses/read"),
        ),
    ),
    _role(
        "df87f177-bb12-4db1-9793-a413691eff94",
        "Container Registry Cache Rule Administrator",
        "Manage cache rules.",
        actions=_each("cacheRules", *_CRUD),
    ),
    _role(
        "c357b964-0002-4b64-a50d-7a28f02edc52",
        "Container Registry Cache Rule Reader",
        "See cache rules.",
        actions=_each("cacheRules", "read", "operationStatuses/read"),
    ),
    _role(
        "f094fb07-0703-4400-ad6a-e16dd8000e14",
        "Container Registry Credential Set Administrator",
        "Manage credential sets.",
        actions=_each("credentialSets", *_CRUD),
    ),
    _role(
        "29093635-9924-4f2c-913b-650a12949526",
        "Container Registry Credential Set Reader",
        "See credential sets.",
        actions=_each("credentialSets", "read", "operationStatuses/read"),
    ),
    _role(
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
        "Owner",
        "Do everything, and give others access.",
        actions=("*",),
    ),
    _role(
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Contributor",
        "Do everything but give others access.",
        actions=("*",),
        not_actions=_CONTRIBUTOR_LACKS,
    ),
    _role(
        "acdd72a7-3385-48ef-bd42-f606fba81ae7",
        "Reader",
        "See everything and change nothing.",
        actions=("*/read",),
    ),
    _role(
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        "User Access Administrator",
        "See everything, and give others access.",
        actions=("*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"),
    ),
    _role(
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
        "Role Based Access Control Administrator",
        "See everything, and assign roles.",
        actions=(
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
            "*/read",
            "Microsoft.Support/*",
        ),
    ),
)

BUILT_IN_ROLES = {role.role_id: role for role in _DEFINITIONS}
OWNER_ROLE_ID = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
