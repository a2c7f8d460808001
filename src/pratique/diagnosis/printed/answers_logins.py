"""What is told about logins: credentials, helpers, files, clusters, rights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pratique.diagnosis.printed.answers import Answer

_LOGIN: Final = "{login}"

LOGINS: Final[Mapping[str, Answer]] = {
    "no-credential-for-host": Answer(
        "the client sent no login to {host}, and one is needed", (_LOGIN,)
    ),
    "known-but-not-allowed": Answer(
        "the registry may know who asks, and not allow it: logging in again changes nothing then",
        (),
        "Ask the owner of the registry for the right to {repository}.",
    ),
    "tag-or-repository-missing-shown-as-unauthorized": Answer(
        "registries answer alike for what may not be seen and what is not there: the name of the "
        "image may be wrong",
        (),
        "Compare the name with what the registry lists for somebody who may see it.",
    ),
    "wrong-password": Answer(
        "the registry does not accept the user name and password that were sent",
        ("docker logout {host}", _LOGIN),
    ),
    "push-not-allowed": Answer(
        "the registry does not let this identity push to {repository}",
        (),
        "Ask the owner of the registry for the right to push; pulling is another right.",
    ),
    "podman-auth-file-elsewhere": Answer(
        "podman may read another file than the one that holds the login",
        ("podman login --get-login {host}", "echo $REGISTRY_AUTH_FILE $XDG_RUNTIME_DIR"),
    ),
    "long-push-outlives-token": Answer(
        "layers were pushed before the refusal: the token may have run out on the way",
        (),
        "Push again; if it stays, let tokens live longer on the server.",
    ),
    "cross-repository-mount-scope": Answer(
        "the push may ask for a repository from which a layer is to be mounted, and which may not "
        "be read",
        (),
        "Allow pulling the base repository, or update BuildKit to 0.23 or containerd to 2.1.",
    ),
    "redhat-docker-signature-verification": Answer(
        "Red Hat's docker may look for a signature that the registry does not serve",
        ("grep OPTIONS /etc/sysconfig/docker",),
        "Add `--signature-verification=false` to OPTIONS, and restart docker.",
    ),
    "expired-registry-token": Answer(
        "the token that is stored for {host} has expired",
        ("docker logout {host}", _LOGIN),
        "A credential helper that renews it saves doing so again.",
    ),
    "stale-credential-breaks-public-pull": Answer(
        "a login that is stored for {host} may be stale; public images are refused with it and "
        "given without it",
        ("docker logout {host}",),
    ),
    "credential-helper-missing": Answer(
        "the configuration names the credential helper {helper}, which is not installed here",
        (
            "command -v docker-credential-{helper}",
            'grep -n -e credsStore -e credHelpers "${DOCKER_CONFIG:-$HOME/.docker}/config.json"',
        ),
        "Install it, or remove the line that names it and log in again.",
    ),
    "credential-helper-slow": Answer(
        "the credential helper did not answer in time",
        (),
        "Run it by hand (`docker-credential-NAME get`, with the host on its input) and see what "
        "it waits for.",
    ),
    "helper-fails-or-locked": Answer(
        "the credential helper runs, but the store behind it is locked or broken",
        (),
        "Unlock or set up the store (keychain, `pass init KEY`, secret service), or remove the "
        "helper for this host and log in again.",
    ),
    "retired-acr-helper": Answer(
        "the credential helper for Azure registries was retired and has no successor",
        (_LOGIN,),
        "Remove it from `credHelpers` and `credsStore`.",
    ),
    "root-vs-user-gcloud": Answer(
        "Google's helper may run for a user who is not logged in to gcloud",
        ("gcloud auth list", "sudo gcloud auth list"),
    ),
    "insufficient-node-scope-or-imds-blocked": Answer(
        "the helper found no identity of this machine: its metadata may be blocked, or there is "
        "none",
        (),
        "Allow the metadata address (hop limit 2 for containers), or give the helper credentials.",
    ),
    "corrupt-config-file": Answer(
        "a file of logins is empty, cut off or not in its format, and counts as no login",
        ('python3 -m json.tool "${DOCKER_CONFIG:-$HOME/.docker}/config.json"', _LOGIN),
    ),
    "wrong-user-home": Answer(
        "the client reads the file of another user",
        ("ls -l $HOME/.docker/config.json", "id -un"),
        "Log in as the user who pulls, or set DOCKER_CONFIG.",
    ),
    "k8s-pull-secret-not-referenced": Answer(
        "the pod may name no pull secret: the runtime had none for {host}",
        (
            "kubectl get pod POD -o jsonpath='{.spec.imagePullSecrets}'",
            'kubectl patch serviceaccount default -p \'{"imagePullSecrets":[{"name":"SECRET"}]}\'',
        ),
        "Recreate the pods afterwards.",
    ),
    "k8s-secret-wrong-namespace": Answer(
        "the pull secret {secret} is not in the namespace of the pod",
        (
            "kubectl get secret --all-namespaces --field-selector metadata.name={secret}",
            (
                "kubectl create secret docker-registry {secret} --namespace NAMESPACE "
                "--docker-server={host} --docker-username=USER --docker-password=PASSWORD"
            ),
        ),
    ),
    "k8s-secret-malformed": Answer(
        "the pull secret is not well formed",
        (
            (
                "kubectl create secret docker-registry SECRET --docker-server={host} "
                "--docker-username=USER --docker-password=PASSWORD"
            ),
        ),
        "Make it new with this command, never by hand.",
    ),
    "kubelet-credential-provider-missing": Answer(
        "the kubelet has no working credential provider for {host}",
        ("ps -o args= -C kubelet | tr ' ' '\\n' | grep image-credential-provider",),
        "Install the provider that its configuration names, with a glob that covers the host.",
    ),
    "acr-credential-provider-cannot-exchange": Answer(
        "Azure's credential provider of the kubelet reaches the registry but gets no token",
        (),
        "Allow the node to reach login.microsoftonline.com and the metadata address; run "
        "`az aks update` to put the identity back.",
    ),
    "aks-kubelet-identity-lacks-acrpull": Answer(
        "if a cluster in Azure pulls, its kubelet identity may lack AcrPull on the registry",
        (
            "az aks check-acr --resource-group GROUP --name CLUSTER --acr {host}",
            "az aks update --resource-group GROUP --name CLUSTER --attach-acr {registry}",
        ),
    ),
}
