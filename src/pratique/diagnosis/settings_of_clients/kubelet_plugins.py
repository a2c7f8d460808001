"""The kubelet's credential providers, from its flags and their configuration.

Source: kubelet `CredentialProviderConfig` (kubelet.config.k8s.io/v1).
"""

from __future__ import annotations

import re
from typing import Final

from pratique.diagnosis.credentials.keys import kubelet_matches
from pratique.diagnosis.credentials.registries_conf import table, texts
from pratique.diagnosis.credentials.yaml_files import NotYaml, parse_documents
from pratique.diagnosis.facts.settings import KubeletPlugin
from pratique.diagnosis.references import Reference
from pratique.diagnosis.settings_of_clients.seen import Seen
from pratique.diagnosis.settings_of_clients.units import read_service, variables_in

_VARIABLE_FILES: Final = (
    "/var/lib/kubelet/kubeadm-flags.env",
    "/etc/default/kubelet",
    "/etc/sysconfig/kubelet",
)
_FLAG = re.compile(r"--image-credential-provider-(config|bin-dir)[= ]+[\"']?([^\s\"']+)")
_MOST_PLUGINS: Final = 100


def read_kubelet_plugins(seen: Seen, reference: Reference) -> tuple[KubeletPlugin, ...] | None:
    """Plugins that the kubelet is told of; None when there is no sign of a kubelet."""
    words = [text for path in _VARIABLE_FILES for text in variables_in(seen, path).values()]
    service = read_service(seen, "kubelet")
    if service is not None:
        words = [*service.commands, *service.environment.values(), *words]
    if not words and not seen.names_in("/var/lib/kubelet"):
        return None
    flags = {name: value for text in words for name, value in _FLAG.findall(text)}
    text = seen.text(flags["config"]) if "config" in flags else None
    if text is None:
        return ()
    try:
        documents = parse_documents(text)
    except NotYaml:
        return ()
    programs = set(seen.names_in(flags.get("bin-dir", "")))
    image = f"{reference.host}/{reference.repository}"
    return tuple(
        _plugin(table(row), programs, image)
        for document in documents
        for row in _providers(document)[:_MOST_PLUGINS]
    )


def _providers(document: object) -> list[object]:
    found = table(document).get("providers")
    return found if isinstance(found, list) else []


def _plugin(row: object, programs: set[str], image: str) -> KubeletPlugin:
    name = table(row).get("name")
    globs = texts(table(row).get("matchImages"))
    shown = name if isinstance(name, str) else ""
    covers = any(kubelet_matches(glob, image) for glob in globs)
    return KubeletPlugin(shown, globs, shown in programs, covers)
