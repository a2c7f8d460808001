"""Configurations of logins, on which real clients and the doctor must agree.

In texts `HOST` stands for the registry, `PORT` for its port and `HOME` for the user's folder.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

CONFIG = "HOME/.docker/config.json"
RUNTIME = "HOME/run/containers/auth.json"
OWN = "HOME/.config/containers/auth.json"
HUB = "https://index.docker.io/v1/"


@dataclass(frozen=True, slots=True)
class Configuration:
    """Files, variables and helpers, and what is pulled.

    Attributes:
        files: path to what is written as JSON, or to text.
        environment: beside HOME and PATH; a value that is no text is written as JSON.
        helpers: name to the script of `docker-credential-NAME`.
        image: reference.
    """

    files: Mapping[str, object] = field(default_factory=dict)
    environment: Mapping[str, object] = field(default_factory=dict)
    helpers: Mapping[str, str] = field(default_factory=dict)
    image: str = "HOST/team/app:1"


def pair(username: str, **more: str) -> dict[str, str]:
    """An entry whose password tells where it is from."""
    return {"auth": base64.b64encode(f"{username}:of-{username}".encode()).decode(), **more}


def auths(**entries: object) -> dict[str, object]:
    """A file with entries under the host (`host`) or the keys in `keys`."""
    return {"auths": {"HOST" if key == "host" else key: value for key, value in entries.items()}}


def under(*keys: str) -> dict[str, object]:
    """A file with an entry for each key, named by its place in the list."""
    return {"auths": {key: pair(f"entry{number}") for number, key in enumerate(keys)}}


def gives(username: str, given: str = "kept") -> str:
    """The script of a helper that knows one credential."""
    return f"""cat >/dev/null; printf '{{"Username":"{username}","Secret":"{given}"}}'"""


EMPTY_HELPER = "cat >/dev/null; echo credentials not found in native keychain; exit 1"
BROKEN_HELPER = "cat >/dev/null; echo the keychain is locked; exit 1"
ECHO_HELPER = """read key; printf '{"Username":"asked","Secret":"%s"}' "$key" """

BOTH = {
    "nothing at all": Configuration(),
    "the host": Configuration({CONFIG: under("HOST")}),
    "https://HOST": Configuration({CONFIG: under("https://HOST")}),
    "http://HOST/": Configuration({CONFIG: under("http://HOST/")}),
    "https://HOST/v2/": Configuration({CONFIG: under("https://HOST/v2/")}),
    "https://HOST/v1/ beside HOST": Configuration({CONFIG: under("https://HOST/v1/", "HOST")}),
    "another port": Configuration({CONFIG: under("127.0.0.1:1")}),
    "no port": Configuration({CONFIG: under("127.0.0.1")}),
    "credHelpers before auths": Configuration(
        {CONFIG: {**under("HOST"), "credHelpers": {"HOST": "one"}}},
        helpers={"one": gives("helped")},
    ),
    "a helper is asked for the host": Configuration(
        {CONFIG: {"credHelpers": {"HOST": "one"}}}, helpers={"one": ECHO_HELPER}
    ),
    "credHelpers of another host": Configuration(
        {CONFIG: {**under("HOST"), "credHelpers": {"other.example": "one"}}},
        helpers={"one": gives("helped")},
    ),
    "credHelpers with a scheme is no key": Configuration(
        {CONFIG: {**under("HOST"), "credHelpers": {"https://HOST": "one"}}},
        helpers={"one": gives("helped")},
    ),
    "a helper that has nothing": Configuration(
        {CONFIG: {**under("HOST"), "credHelpers": {"HOST": "one"}}}, helpers={"one": EMPTY_HELPER}
    ),
    "an empty entry": Configuration({CONFIG: auths(host={})}),
    "an e-mail address alone": Configuration({CONFIG: auths(host={"email": "a@b.example"})}),
    "auth without a colon": Configuration(
        {CONFIG: auths(host={"auth": base64.b64encode(b"nocolon").decode()})}
    ),
    "auth with a line break inside": Configuration(
        {
            CONFIG: auths(
                host={"auth": pair("wrapped")["auth"][:8] + "\n" + pair("wrapped")["auth"][8:]}
            )
        }
    ),
    "a password that ends with a line break": Configuration(
        {CONFIG: auths(host={"auth": base64.b64encode(b"ann:echoed\n").decode()})}
    ),
    "members in other cases": Configuration(
        {CONFIG: {"Auths": {"HOST": {"AUTH": pair("x")["auth"]}}}}
    ),
    "a password with colons": Configuration(
        {CONFIG: auths(host={"auth": base64.b64encode(b"ann:a:b:c").decode()})}
    ),
    "an empty file": Configuration({CONFIG: ""}),
    "half a file": Configuration({CONFIG: '{"auths": {"HOST": {"auth": "'}),
    "auths is a list": Configuration({CONFIG: {"auths": []}}),
}

DOCKER = {
    "HOST/v2/ without a scheme": Configuration({CONFIG: under("HOST/v2/")}),
    "HOST/team is the host for docker": Configuration({CONFIG: under("HOST/team")}),
    "DOCKER_CONFIG": Configuration(
        {CONFIG: auths(host=pair("home")), "HOME/other/config.json": auths(host=pair("other"))},
        {"DOCKER_CONFIG": "HOME/other"},
    ),
    "credsStore before auths": Configuration(
        {CONFIG: {**under("HOST"), "credsStore": "one"}}, helpers={"one": gives("stored")}
    ),
    "credHelpers before credsStore": Configuration(
        {CONFIG: {"credsStore": "one", "credHelpers": {"HOST": "two"}}},
        helpers={"one": gives("stored"), "two": gives("helped")},
    ),
    "a store that has nothing hides auths": Configuration(
        {CONFIG: {**under("HOST"), "credsStore": "one"}}, helpers={"one": EMPTY_HELPER}
    ),
    "an empty helper name means auths": Configuration(
        {CONFIG: {**under("HOST"), "credsStore": "one", "credHelpers": {"HOST": ""}}},
        helpers={"one": gives("stored")},
    ),
    "a token from a helper": Configuration(
        {CONFIG: {"credsStore": "one"}}, helpers={"one": gives("<token>", "refresh")}
    ),
    "a missing helper beside an entry": Configuration(
        {CONFIG: {**under("HOST"), "credsStore": "gone"}}
    ),
    "a failing helper beside an entry": Configuration(
        {CONFIG: {**under("HOST"), "credsStore": "one"}}, helpers={"one": BROKEN_HELPER}
    ),
    "a helper that prints no JSON": Configuration(
        {CONFIG: {"credsStore": "one"}}, helpers={"one": "cat >/dev/null; echo hello"}
    ),
    "identitytoken beside auth": Configuration(
        {CONFIG: auths(host=pair("00000000-0000-0000-0000-000000000000", identitytoken="refresh"))}
    ),
    "identitytoken alone": Configuration({CONFIG: auths(host={"identitytoken": "refresh"})}),
    "registrytoken": Configuration({CONFIG: auths(host={"registrytoken": "bearer"})}),
    "user and password as members": Configuration(
        {CONFIG: auths(host={"username": "ann", "password": "plain"})}
    ),
    "auth before user and password": Configuration(
        {CONFIG: auths(host={"username": "ann", "password": "plain", **pair("decoded")})}
    ),
    "an exact key that is empty hides an older one": Configuration(
        {CONFIG: auths(**{"host": {}, "https://HOST": pair("older")})}
    ),
    "the default store, when a file names none": Configuration(
        {CONFIG: {}}, helpers={"secretservice": gives("default")}
    ),
    "no default store beside an entry": Configuration(
        {CONFIG: under("other.example")}, helpers={"secretservice": gives("default")}
    ),
    "text behind the JSON": Configuration({CONFIG: '{"auths": {}} trailing'}),
    "Docker Hub": Configuration({CONFIG: under("docker.io", HUB)}, image="app"),
    "Docker Hub by its name alone": Configuration({CONFIG: under("docker.io")}, image="app"),
    "Docker Hub by its server's name": Configuration(
        {CONFIG: under("registry-1.docker.io", "https://index.docker.io/v2/")}, image="ann/app"
    ),
    "a helper for Docker Hub's address": Configuration(
        {CONFIG: {"credHelpers": {HUB: "one", "docker.io": "two"}}},
        helpers={"one": ECHO_HELPER, "two": gives("wrong")},
        image="index.docker.io/ann/app",
    ),
    "another case": Configuration({CONFIG: under("REGISTRY.example")}, image="registry.example/a"),
    "port 443": Configuration({CONFIG: under("r.example:443")}, image="r.example/a"),
    "the default port in a URL": Configuration(
        {CONFIG: under("https://r.example:443/")}, image="r.example:443/a"
    ),
    "the variable before a helper": Configuration(
        {CONFIG: {**under("HOST"), "credsStore": "one"}},
        {"DOCKER_AUTH_CONFIG": auths(host=pair("variable"))},
        {"one": gives("stored")},
    ),
    "the variable takes the very key alone": Configuration(
        {CONFIG: under("HOST")},
        {"DOCKER_AUTH_CONFIG": auths(**{"https://HOST": pair("variable")})},
    ),
    "the variable with another member": Configuration(
        {CONFIG: under("HOST")},
        {"DOCKER_AUTH_CONFIG": {**auths(host=pair("variable")), "credsStore": "one"}},
    ),
    "the variable with an entry of more than auth": Configuration(
        {CONFIG: under("HOST")},
        {"DOCKER_AUTH_CONFIG": auths(host=pair("variable", email="a@b.example"))},
    ),
    "the variable with a broken entry of another host": Configuration(
        {CONFIG: under("HOST")},
        {"DOCKER_AUTH_CONFIG": auths(**{"host": pair("variable"), "x.example": {"auth": "%"}})},
    ),
    "the variable for Docker Hub": Configuration(
        {}, {"DOCKER_AUTH_CONFIG": auths(**{HUB: pair("variable")})}, image="app"
    ),
}

PODMAN = {
    "HOST/team is a namespace": Configuration({CONFIG: under("HOST", "HOST/team")}),
    "the repository before its namespace": Configuration(
        {CONFIG: under("HOST", "HOST/team", "HOST/team/app")}
    ),
    "another namespace": Configuration({CONFIG: under("HOST/other", "HOST/tea")}),
    "HOST/v2/ without a scheme": Configuration({CONFIG: under("HOST/v2/")}),
    "the runtime folder first": Configuration(
        {
            RUNTIME: auths(host=pair("runtime")),
            OWN: auths(host=pair("own")),
            CONFIG: auths(host=pair("docker")),
        },
        {"XDG_RUNTIME_DIR": "HOME/run"},
    ),
    "podman's own before docker's": Configuration(
        {OWN: auths(host=pair("own")), CONFIG: auths(host=pair("docker"))}
    ),
    "a host in the first file beats a namespace in the second": Configuration(
        {OWN: under("HOST"), CONFIG: {"auths": {"HOST/team/app": pair("longer")}}}
    ),
    "XDG_CONFIG_HOME": Configuration(
        {
            OWN: auths(host=pair("own")),
            "HOME/moved/containers/auth.json": auths(host=pair("moved")),
        },
        {"XDG_CONFIG_HOME": "HOME/moved"},
    ),
    "REGISTRY_AUTH_FILE": Configuration(
        {"HOME/named.json": auths(host=pair("named")), CONFIG: under("HOST")},
        {"REGISTRY_AUTH_FILE": "HOME/named.json"},
    ),
    "the old file": Configuration({"HOME/.dockercfg": {"https://HOST/v1/": pair("old")}}),
    "an empty entry lets the next file answer": Configuration(
        {OWN: auths(host={}), CONFIG: auths(host=pair("docker"))}
    ),
    "an empty namespace hides the host": Configuration(
        {CONFIG: auths(**{"HOST/team": {}, "host": pair("host")})}
    ),
    "a helper that has nothing lets the next file answer": Configuration(
        {OWN: {"credHelpers": {"HOST": "one"}}, CONFIG: under("HOST")},
        helpers={"one": EMPTY_HELPER},
    ),
    "a failing helper stops podman": Configuration(
        {OWN: {"credHelpers": {"HOST": "one"}}, CONFIG: under("HOST")},
        helpers={"one": BROKEN_HELPER},
    ),
    "a missing helper stops podman": Configuration(
        {OWN: {"credHelpers": {"HOST": "gone"}}, CONFIG: under("HOST")}
    ),
    "credsStore is not read": Configuration(
        {CONFIG: {**under("HOST"), "credsStore": "one"}}, helpers={"one": gives("stored")}
    ),
    "a broken file stops podman": Configuration({OWN: "{", CONFIG: under("HOST")}),
    "auth that is no base64 stops podman": Configuration(
        {OWN: auths(host={"auth": "%%"}), CONFIG: under("HOST")}
    ),
    "a broken entry of another host does not": Configuration(
        {OWN: auths(**{"x.example": {"auth": "%%"}, "host": pair("own")})}
    ),
    "user and password as members are not read": Configuration(
        {CONFIG: auths(host={"username": "ann", "password": "plain"})}
    ),
    "a helper of registries.conf before the files": Configuration(
        {
            "HOME/.config/containers/registries.conf": (
                'credential-helpers = ["one", "containers-auth.json"]\n'
            ),
            CONFIG: under("HOST"),
        },
        helpers={"one": gives("listed")},
    ),
    "a helper of registries.conf after the files": Configuration(
        {
            "HOME/.config/containers/registries.conf": (
                'credential-helpers = ["containers-auth.json", "one"]\n'
            ),
            CONFIG: under("other.example"),
        },
        helpers={"one": gives("listed")},
    ),
}

PODMAN_ALONE = {
    "DOCKER_CONFIG is all that podman reads": Configuration(
        {OWN: auths(host=pair("own")), "HOME/other/config.json": auths(host=pair("other"))},
        {"DOCKER_CONFIG": "HOME/other"},
    ),
}
