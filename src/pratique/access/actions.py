"""What can be done: the data plane's six actions, and control actions by their permission."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pratique.access.permissions import is_permission

_PREFIX = "Microsoft.ContainerRegistry/registries/"


class RegistryAction(Enum):
    """An action on registry content, by its word in a token's scope (reference 2.2 and 4.4).

    Attributes:
        word: as it stands in a token scope; the catalog's `*` is spelled `catalog` here, since
            `*` on a repository means all actions.
        permissions: control-plane actions, any of which allows it where the registry judges by
            actions (`LegacyRegistryPermissions`). The first is the one named to people.
        data_permission: the data action that allows it where the registry judges by data actions
            (`AbacRepositoryPermissions`).
        bit: one bit of its own, so that what a role grants fits into one number.
    """

    PULL = ("pull", ("pull/read",), "repositories/content/read")
    PUSH = ("push", ("push/write",), "repositories/content/write")
    DELETE = ("delete", ("artifacts/delete",), "repositories/content/delete")
    # ACR lets whoever may pull list tags in RBAC mode (reference 4.4).
    METADATA_READ = ("metadata_read", ("pull/read", "metadata/read"), "repositories/metadata/read")
    METADATA_WRITE = ("metadata_write", ("metadata/write",), "repositories/metadata/write")
    CATALOG = ("catalog", ("pull/read",), "catalog/read")

    def __init__(self, word: str, permissions: tuple[str, ...], data_permission: str) -> None:
        self.word = word
        self.permissions = tuple(_PREFIX + p for p in permissions)
        self.data_permission = _PREFIX + data_permission
        self.bit = 1 << len(type(self).__members__)

    @classmethod
    def from_word(cls, word: str) -> RegistryAction | None:
        """The repository action that `word` names in a token scope; None for any other word."""
        return _BY_WORD.get(word)


_BY_WORD = {a.word: a for a in RegistryAction if a is not RegistryAction.CATALOG}

REPOSITORY_ACTIONS = tuple(_BY_WORD.values())
READING = frozenset({RegistryAction.PULL, RegistryAction.METADATA_READ, RegistryAction.CATALOG})


@dataclass(frozen=True, slots=True)
class ControlAction:
    """An action of the control plane, named by the permission it takes.

    Attributes:
        permission: for example `Microsoft.Authorization/roleAssignments/write`; always judged by
            actions, whatever the registry's mode.
    """

    permission: str

    @property
    def known(self) -> bool:
        """Whether the permission has the form that one has: `COMPANY.PROVIDER/TYPE/ACTION`.

        What has not, a pattern above all, names no action; nothing is allowed by it.
        """
        return is_permission(self.permission)
