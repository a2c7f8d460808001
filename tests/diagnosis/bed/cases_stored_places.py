"""Logins that are stored well, where the one who pulls does not look."""

from __future__ import annotations

from tests.diagnosis.bed.cases_stored import NODE_FILE, OWN_FILE, hub, known, private
from tests.diagnosis.bed.harness import Case, Client, Question, Verdict, Wish, case, twin
from tests.diagnosis.bed.hosting import HOST, IMAGE, pull
from tests.diagnosis.bed.stage import Stage, auth

_ROOT_FILE = "/root/.docker/config.json"
_RUNTIME_FILE = "/run/user/1000/containers/auth.json"


def _stored_at(stage: Stage, path: str) -> None:
    stage.docker_login(HOST, "ana", known(stage, private(stage)), path)


def _as_root(stage: Stage) -> None:
    stage.user, stage.home, stage.is_root = "root", "/root", True
    stage.environment["SUDO_USER"] = "dev"


def _of_root(stage: Stage) -> Question:
    _stored_at(stage, _ROOT_FILE)
    return pull()


def _of_root_for_nerdctl(stage: Stage) -> Question:
    _stored_at(stage, _ROOT_FILE)
    return pull(client=Client.CONTAINERD)


def _of_who_called_sudo(stage: Stage) -> Question:
    _as_root(stage)
    _stored_at(stage, OWN_FILE)
    return pull()


def _store_of_root(stage: Stage) -> Question:
    private(stage)
    stage.write(_ROOT_FILE, {"auths": {HOST: {}}, "credsStore": "desktop"})
    return pull()


def _of_root_at_the_hub(stage: Stage) -> Question:
    secret = known(stage, hub(stage))
    stage.docker_login("https://index.docker.io/v1/", "ana", secret, _ROOT_FILE)
    return Question(Wish(f"{IMAGE}:1"))


def _own(stage: Stage) -> Question:
    _stored_at(stage, OWN_FILE)
    stage.docker_login(HOST, "bob", stage.secret(), _ROOT_FILE)
    return pull()


def _of_root_for_another_host(stage: Stage) -> Question:
    private(stage)
    stage.docker_login("ghcr.io", "ana", stage.secret(), _ROOT_FILE)
    return pull()


def _on_a_node(stage: Stage, path: str) -> Question:
    stage.write("/var/lib/kubelet/config.yaml", "kind: KubeletConfiguration\n")
    _stored_at(stage, path)
    return pull(client=Client.CONTAINERD)


def _docker_on_a_node(stage: Stage) -> Question:
    return _on_a_node(stage, OWN_FILE)


def _kubelet_on_a_node(stage: Stage) -> Question:
    return _on_a_node(stage, NODE_FILE)


def _runtime_folder(stage: Stage) -> Question:
    _stored_at(stage, _RUNTIME_FILE)
    return pull(client=Client.PODMAN)


def _runtime_folder_known(stage: Stage) -> Question:
    stage.environment["XDG_RUNTIME_DIR"] = "/run/user/1000"
    return _runtime_folder(stage)


def _podman_for_docker(stage: Stage) -> Question:
    _stored_at(stage, "/home/dev/.config/containers/auth.json")
    return pull()


def _named_auth_file(stage: Stage) -> Question:
    _stored_at(stage, "/home/dev/.config/containers/auth.json")
    stage.write(
        "/etc/deploy/auth.json", {"auths": {"ghcr.io": {"auth": auth("a", stage.secret())}}}
    )
    stage.environment["REGISTRY_AUTH_FILE"] = "/etc/deploy/auth.json"
    return pull(client=Client.PODMAN)


def _podman_of_root(stage: Stage) -> Question:
    _stored_at(stage, "/root/.config/containers/auth.json")
    return pull(client=Client.PODMAN)


def _kaniko(stage: Stage) -> Question:
    _stored_at(stage, "/kaniko/.docker/config.json")
    return pull()


def _other_folder(stage: Stage, folder: str) -> Question:
    _stored_at(stage, OWN_FILE)
    stage.environment["DOCKER_CONFIG"] = folder
    return pull()


def _folder_of_a_job(stage: Stage) -> Question:
    return _other_folder(stage, "/builds/.docker")


def _folder_of_the_user(stage: Stage) -> Question:
    return _other_folder(stage, "/home/dev/.docker")


CASES: tuple[Case, ...] = (
    case("10: login of root", _of_root, Verdict.PROVEN, "wrong-user-home"),
    case("10: login of root for nerdctl", _of_root_for_nerdctl, Verdict.PROVEN, "wrong-user-home"),
    case("10: login of who called sudo", _of_who_called_sudo, Verdict.PROVEN, "wrong-user-home"),
    case("10: login in the store of root", _store_of_root, Verdict.PROVEN, "wrong-user-home"),
    case("10: login of root for podman", _podman_of_root, Verdict.PROVEN, "wrong-user-home"),
    case(
        "10: login of root at Docker Hub",
        _of_root_at_the_hub,
        Verdict.PROVEN,
        "no-credential-for-host",
        "wrong-user-home",
    ),
    twin("10: login of root and one's own", _own, Verdict.WELL, of="wrong-user-home"),
    twin(
        "10: login of root for another host",
        _of_root_for_another_host,
        Verdict.PROVEN,
        "no-credential-for-host",
        of="wrong-user-home",
    ),
    case(
        "42: docker's login on a node",
        _docker_on_a_node,
        Verdict.PROVEN,
        "containerd-not-docker-config",
    ),
    twin(
        "42: the kubelet's login on a node",
        _kubelet_on_a_node,
        Verdict.WELL,
        of="containerd-not-docker-config",
    ),
    case(
        "43: podman's runtime folder unknown",
        _runtime_folder,
        Verdict.PROVEN,
        "podman-auth-file-elsewhere",
    ),
    case(
        "43: podman's login for docker",
        _podman_for_docker,
        Verdict.PROVEN,
        "podman-auth-file-elsewhere",
    ),
    case(
        "43: podman told to read another file",
        _named_auth_file,
        Verdict.PROVEN,
        "podman-auth-file-elsewhere",
    ),
    twin(
        "43: podman's runtime folder known",
        _runtime_folder_known,
        Verdict.WELL,
        of="podman-auth-file-elsewhere",
    ),
    case("44: login of Kaniko", _kaniko, Verdict.PROVEN, "compose-or-build-uses-other-config"),
    case(
        "44: folder of a job",
        _folder_of_a_job,
        Verdict.PROVEN,
        "compose-or-build-uses-other-config",
    ),
    twin(
        "44: folder of the user",
        _folder_of_the_user,
        Verdict.WELL,
        of="compose-or-build-uses-other-config",
    ),
)
