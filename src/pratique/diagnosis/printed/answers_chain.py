"""What is told about causes on the way to a registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pratique.diagnosis.printed.answers import Answer

CHAIN: Final[Mapping[str, Answer]] = {
    "host-not-found": Answer(
        "the name {host} does not resolve where the client runs",
        ("getent hosts {host}",),
        "Correct the name, or the name server that the machine asks.",
    ),
    "acr-private-endpoint-dns": Answer(
        "{host} may have a private endpoint whose name this network does not resolve to the "
        "private address",
        ("az acr check-health --name {registry} --yes", "getent hosts {host}"),
        "Link the virtual network to the private zone `privatelink.azurecr.io`.",
    ),
    "k8s-secret-wrong-server-key": Answer(
        "the name of the registry is misspelt: Azure's registries end in `azurecr.io`",
        ("kubectl get secret SECRET -o jsonpath='{.data.\\.dockerconfigjson}' | base64 -d",),
        "Make the pull secret again, with the server as the image spells it.",
    ),
    "realm-unreachable": Answer(
        "the registry answers, but the address where it sends clients for a token does not",
        ("curl -sI https://{host}/v2/ | grep -i www-authenticate",),
        "Open the way to the host of the realm in that line.",
    ),
    "connection-refused": Answer(
        "nothing listens at the address of {host}",
        ("curl -v https://{host}/v2/",),
        "Check the port in the name of the image, and whether the server runs.",
    ),
    "connection-timed-out": Answer(
        "{host} does not answer: a firewall drops the packets, or the machine has no way there",
        ("curl -v --max-time 10 https://{host}/v2/",),
    ),
    "blob-storage-blocked": Answer(
        "the registry answers, but the storage to which it sends clients for layers does not",
        (),
        "Open the way to the storage host that the text names, for the machine that pulls.",
    ),
    "proxy-for-daemon": Answer(
        "the process that pulls may need another proxy than it has, or the proxy answers in place "
        "of the registry",
        (
            "systemctl show --property=Environment docker containerd",
            "env | grep -i proxy",
        ),
        "Set HTTPS_PROXY and NO_PROXY for the service, and restart it.",
    ),
    "x509-unknown-authority": Answer(
        "the client does not trust the issuer of the certificate that {host} shows",
        ("openssl s_client -connect {host}:443 -showcerts </dev/null",),
        "Put the issuer's certificate into `/etc/docker/certs.d/HOST/ca.crt` (or its like for "
        "your client) and restart the daemon.",
    ),
    "tls-name-mismatch": Answer(
        "the certificate was made for another name than {host}",
        ("curl -vI https://{host}/v2/ 2>&1 | grep -i -e subject -e altname",),
        "Use a name of the certificate in the image, or have a certificate made for this one.",
    ),
    "tls-expired": Answer(
        "the certificate of {host} is not valid at the time that the client believes it is",
        ("openssl s_client -connect {host}:443 </dev/null | openssl x509 -noout -dates", "date -u"),
        "Renew the certificate, or set the clock of the client.",
    ),
    "clock-skew": Answer(
        "a clock is wrong: what is signed or certified is not valid at the time of the machine "
        "that checks it",
        ("date -u", "curl -sI https://{host}/v2/ | grep -i ^date", "sudo timedatectl set-ntp true"),
    ),
    "http-server-https-client": Answer(
        "{host} speaks plain HTTP, and the client wants TLS",
        (),
        "Give the registry a certificate; or name it without a scheme in `insecure-registries` of "
        "`/etc/docker/daemon.json`, or its like for your client.",
    ),
    "tls-failed": Answer(
        "client and server cannot agree on a TLS connection",
        ("openssl s_client -connect {host}:443 </dev/null",),
        "Look for a client certificate that the server asks for, and for old TLS versions.",
    ),
    "server-error": Answer(
        "the registry, or what stands in front of it, fails",
        (),
        "Try again later; the log of the server has the reason.",
    ),
    "not-a-registry": Answer(
        "{host} answers, but not as a registry",
        ("curl -i https://{host}/v2/",),
        "Correct host, port or path; a registry answers `/v2/` with 200 or 401.",
    ),
    "http-realm-behind-tls": Answer(
        "the address for tokens gives a web page: the registry may name its inner address, or a "
        "scheme that is not its public one",
        ("curl -sI https://{host}/v2/ | grep -i www-authenticate",),
        "Set the public `https` address of the registry on the server.",
    ),
    "restricted-by-desktop-policy-or-egress-filter": Answer(
        "a filter may answer in place of {host}: registries do not send web pages",
        ("curl -i https://{host}/v2/",),
        "Ask the administrator of the network, or of Docker Desktop, to allow the registry.",
    ),
    "missing-realm": Answer(
        "the challenge of {host} does not say where tokens are had",
        ("curl -sI https://{host}/v2/ | grep -i www-authenticate",),
        'The server has to send `Bearer realm="...",service="..."`.',
    ),
    "reverse-proxy-eats-header": Answer(
        "the 401 of {host} came without a challenge that clients understand; a proxy in front may "
        "drop it",
        ("curl -sI https://{host}/v2/ | grep -i -e www-authenticate -e server",),
        "Have the proxy pass `Authorization` and `WWW-Authenticate` on.",
    ),
    "registry-distrusts-its-token": Answer(
        "the registry does not accept the token that its own token server made: key, issuer, "
        "audience or time",
        (),
        "On the server, give both sides the same key, issuer and service, and the same time.",
    ),
    "redirect-carries-authorization": Answer(
        "the login header of the registry was sent on to its storage, which refuses it",
        (),
        "Update the client, or drop `Authorization` in the proxy where it follows redirects.",
    ),
    "mirror-gets-wrong-credential": Answer(
        "the request went to the mirror {host} in place of {upstream}, and the mirror refuses",
        ("ls /etc/containerd/certs.d", "grep -rn mirror /etc/containerd/config.toml"),
        "Let the mirror answer without a login, or give it a header of its own in `hosts.toml`.",
    ),
    "token-server-oauth-not-spec": Answer(
        "the token server does not answer OAuth requests (POST) as containerd needs it",
        (),
        "Update containerd, or the token server; docker asks with GET and may work.",
    ),
    "digest-mismatch": Answer(
        "what arrived is not what its digest says; a proxy or cache may have changed it",
        (),
        "Pull past the proxy or cache; if it stays, push the image again.",
    ),
    "containerd-config-path-ignored": Answer(
        "containerd cannot use its hosts files as they are set up",
        ("containerd config dump | grep -n -e config_path -e mirrors",),
        "Set `config_path` alone, without `mirrors`, and restart containerd.",
    ),
    "blocked-registry-in-registries-conf": Answer(
        "registries.conf blocks the registry",
        ("grep -rn -B3 blocked /etc/containers/registries.conf /etc/containers/registries.conf.d",),
        "Remove the `blocked` entry.",
    ),
    "docker-hub-default-host": Answer(
        "the name of the image has no registry in it, so Docker Hub was asked",
        (),
        "Write the registry before the name: HOST/REPOSITORY:TAG.",
    ),
    "short-name-resolution": Answer(
        "the name of the image is short, and podman does not know which registry is meant",
        (),
        "Write the registry before the name: HOST/REPOSITORY:TAG.",
    ),
    "invalid-reference": Answer(
        "what was given is no image reference",
        (),
        "Write HOST/REPOSITORY:TAG; look for an empty variable, a blank or a scheme in it.",
    ),
    "uppercase-host-or-repository": Answer(
        "the name has upper-case letters, and repositories are written in lower case",
        (),
        "Write host and repository in lower case everywhere.",
    ),
    "platform-not-in-index": Answer(
        "the image exists, but not for the platform of this machine",
        ("docker buildx imagetools inspect {host}/{repository}:{tag}",),
        "Push the platform too, or pull another with `--platform`.",
    ),
    "tag-missing": Answer(
        "the registry let the client in and has no such tag or digest in {repository}",
        ("skopeo list-tags docker://{host}/{repository}",),
        "Correct the tag; or push the image.",
    ),
    "repository-missing": Answer(
        "the registry has no repository {repository}",
        (),
        "Correct the name, or the registry, account or project in front of it.",
    ),
    "geo-replica-behind": Answer(
        "if the image was pushed a moment ago in another region, it may not have arrived here",
        (),
        "Try again in a minute.",
    ),
}
