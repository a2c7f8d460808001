"""What is told about causes that belong to one kind of registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pratique.diagnosis.printed.answers import Answer

_LOGIN: Final = "{login}"

REGISTRIES: Final[Mapping[str, Answer]] = {
    "pratique-refusal": Answer(
        "Pratique refused, and recorded why",
        ("pratique why {decision}",),
        "The operator of the registry runs the command, which ends with the smallest grant; "
        "`pratique denials` lists the ids.",
    ),
    "pratique-address-refused": Answer(
        "the network rules of {host} do not let the address {ip} in",
        ("pratique network-rule add {ip}",),
        "The operator of the registry runs the command. If {ip} is a proxy that stands before the "
        "registry, it is started with `--trusted-proxy`.",
    ),
    "acr-ip-not-allowed": Answer(
        "the firewall of {host} does not let the address {ip} in",
        ("az acr network-rule add --name {registry} --ip-address {ip}",),
        "Rules take some minutes to spread.",
    ),
    "acr-throttled": Answer(
        "the request rate of {host} is used up",
        (),
        "Wait as long as the answer says; give each workload an identity of its own.",
    ),
    "acr-application-not-registered": Answer(
        "the user name is no application of the registry's tenant",
        ("az ad sp list --display-name NAME --query '[].appId'",),
        "Log in with the application (client) id, not an object id or a display name.",
    ),
    "expired-service-principal-secret": Answer(
        "the secret of the service principal has expired, or is another",
        ("az ad sp credential reset --id APPLICATION-ID", _LOGIN),
        "Put the new secret wherever the old one is stored.",
    ),
    "acr-admin-disabled": Answer(
        "the admin user of the registry is off",
        ("az acr update --name {registry} --admin-enabled true",),
        "Better, pull with an identity that has AcrPull.",
    ),
    "acr-image-locked-or-quarantined": Answer(
        "the image or repository is locked, or in quarantine",
        (
            "az acr repository show --name {registry} --image {repository}:{tag}",
            (
                "az acr repository update --name {registry} --image {repository}:{tag} "
                "--read-enabled true --write-enabled true"
            ),
        ),
    ),
    "acr-role-without-pull-action-or-at-wrong-scope": Answer(
        "the identity may have no role that carries pulling, or have it on another registry",
        (
            (
                "az role assignment list --assignee IDENTITY --include-inherited --include-groups "
                "--scope $(az acr show --name {registry} --query id --output tsv)"
            ),
            (
                "az role assignment create --assignee IDENTITY --role AcrPull "
                "--scope $(az acr show --name {registry} --query id --output tsv)"
            ),
        ),
    ),
    "acr-scope-map-lacks-repository": Answer(
        "the scope map of the token does not allow this on {repository}",
        (
            (
                "az acr scope-map update --name MAP --registry {registry} "
                "--add-repository {repository} content/read metadata/read"
            ),
        ),
    ),
    "acr-arm-token-refused": Answer(
        "the registry may refuse tokens that were made for Azure's management API",
        (
            "az login --scope https://containerregistry.azure.net/.default",
            "az acr config authentication-as-arm show --registry {registry}",
        ),
    ),
    "entra-session-stale": Answer(
        "the login of the Azure CLI is stale, or for another tenant or subscription",
        (
            "az login --tenant TENANT",
            "az account set --subscription SUBSCRIPTION",
            "az acr login --name {registry}",
        ),
    ),
    "oidc-subject-mismatch": Answer(
        "subject, issuer or audience of the workload's token fit no federated credential",
        ("az ad app federated-credential list --id APPLICATION-ID",),
        "Compare character by character: branch or environment, case, a slash at the end.",
    ),
    "conditional-access-blocks": Answer(
        "a Conditional Access policy refuses this way of signing in",
        (),
        "Fulfil the policy (second factor, managed device), or use a workload identity.",
    ),
    "app-service-or-container-apps-identity": Answer(
        "the Azure service may pull with another identity than the one with the role, or with none",
        (
            (
                "az containerapp registry set --name APP --resource-group GROUP --server {host} "
                "--identity IDENTITY"
            ),
            (
                "az webapp config set --name APP --resource-group GROUP "
                "--generic-configurations '{\"acrUseManagedIdentityCreds\": true}'"
            ),
        ),
    ),
    "docker-hub-rate-limit": Answer(
        "the pull quota of Docker Hub is used up for this address or account",
        ("docker login",),
        "A cluster needs a pull secret for it; a pull-through cache helps everybody.",
    ),
    "docker-hub-pat-required": Answer(
        "Docker Hub wants an access token of this account, not its password",
        ("docker login --username USER",),
        "Paste the token as the password; for public images `docker logout` is enough.",
    ),
    "ghcr-sso-not-authorized": Answer(
        "the GitHub token is not authorised for the organisation's single sign-on",
        (),
        "In the settings of the token, choose Configure SSO and authorise the organisation.",
    ),
    "ghcr-token-scope": Answer(
        "the GitHub token may not have the scope `read:packages`, or is of a kind that GitHub's "
        "registry does not take",
        ("docker login ghcr.io --username USER",),
        "Use a classic token with `read:packages` as the password.",
    ),
    "ghcr-package-private": Answer(
        "the package may be private, even where its repository is public",
        ("docker login ghcr.io --username USER",),
        "Its owner changes the visibility in the settings of the package.",
    ),
    "actions-token-not-linked": Answer(
        "the token of the workflow has no right to this package",
        (),
        "Set `permissions: {packages: write}` (or `read`) in the job, and add the repository under "
        "Manage Actions access of the package.",
    ),
    "ecr-token-in-static-secret": Answer(
        "if a cluster pulls, its pull secret holds an AWS password, which lives 12 hours",
        (),
        "Use the role of the node with `ecr-credential-provider`, or renew the secret by a job.",
    ),
    "ecr-wrong-region-or-account": Answer(
        "the AWS login may be for another region or account than {host}",
        (_LOGIN, "aws sts get-caller-identity"),
        "For another account, its repository policy has to allow pulling.",
    ),
    "gar-helper-host-not-configured": Answer(
        "Google's helper may not be set up for {host}; it is set up host by host", (_LOGIN,)
    ),
    "gar-missing-reader": Answer(
        "Google knows who asks, and the account may not read the repository {resource}, if there "
        "is one",
        (
            "gcloud auth list",
            (
                "gcloud artifacts repositories add-iam-policy-binding REPOSITORY "
                "--location LOCATION "
                "--member MEMBER --role roles/artifactregistry.reader"
            ),
        ),
    ),
    "gitlab-token-scope": Answer(
        "the GitLab token may lack `read_registry`, have expired, or belong to another project",
        (_LOGIN,),
        "Make a deploy token with `read_registry`, or allow the calling project for job tokens.",
    ),
    "harbor-project-not-member": Answer(
        "the account may be no member of the Harbor project of {repository}, or the project is not "
        "there",
        (),
        "Add the account, or a robot with the right to pull, to the project.",
    ),
    "harbor-policy-blocks-pull": Answer(
        "a policy of the Harbor project (scan or signature) holds the image back",
        (),
        "Scan or sign the image, or add an exception to the project.",
    ),
    "shell-expanded-dollar": Answer(
        "the robot's name has a `$` in it, and a shell may have swallowed what follows",
        ("docker login --username 'robot$NAME' {host}",),
        "Keep the single quotes; in Compose files write `$$`.",
    ),
    "quay-robot-disabled-or-no-permission": Answer(
        "the Quay account or robot is disabled, unknown, or has no permission on the repository",
        (_LOGIN,),
        "Make a new token for the robot, or give it Read on the repository.",
    ),
    "gitea-token-scope": Answer(
        "the login was accepted, and lacks the right to packages",
        (_LOGIN,),
        "Use an access token with `read:package` (or `write:package`) of a member of the owner.",
    ),
    "artifactory-repository-path": Answer(
        "the image may lack the Artifactory repository in its path or host",
        (),
        "Use the form that `Set me up` of the repository shows.",
    ),
    "nexus-bearer-realm-off": Answer(
        "Nexus may not hand out tokens, or not serve this repository at this port",
        (_LOGIN,),
        "Enable the Docker Bearer Token Realm; log in at the connector's own port.",
    ),
}
