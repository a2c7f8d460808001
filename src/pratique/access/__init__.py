"""The law: who may do what, decided in one pure function that explains itself.

Promises: `decide` gives the same verdict for the same question, law and time, closed by default,
and its verdict holds every rule it consulted. Only `decide` makes an `Allowed`. Refuses to know:
how a caller proved who it is, where the law is stored, what time it is, and every wire.
"""

from pratique.access.actions import ControlAction, RegistryAction
from pratique.access.amendments import Amendment, amended, build_law
from pratique.access.builtin_roles import BUILT_IN_ROLES, OWNER_ROLE_ID
from pratique.access.consulted import Consulted, Outcome, Reason
from pratique.access.decision import Allowed, Denied
from pratique.access.denials import EVERYONE, DenyAssignment, Refusal
from pratique.access.judge import decide, permission_named
from pratique.access.law import Law, RegistryPolicy, RoleMode
from pratique.access.network_rules import AddressRefusal, NetworkRules
from pratique.access.principals import Principal, PrincipalKind
from pratique.access.question import (
    EVERY_REPOSITORY,
    THE_REGISTRY,
    AboutAssignment,
    AdminUser,
    Anonymous,
    Attenuation,
    DirectoryPrincipal,
    FolderOwner,
    Question,
    RepositoryToken,
    Resource,
    Subject,
)
from pratique.access.remedies import Remedy, remedies
from pratique.access.roles import PermissionSet, RoleAssignment, RoleDefinition
from pratique.access.scope_maps import (
    SYSTEM_SCOPE_MAPS,
    RegistryToken,
    ScopeMap,
    ScopeMapRule,
)
from pratique.access.words import cause, grounds, meaning, name_subject, sentence

__all__ = [
    "BUILT_IN_ROLES",
    "EVERYONE",
    "EVERY_REPOSITORY",
    "OWNER_ROLE_ID",
    "SYSTEM_SCOPE_MAPS",
    "THE_REGISTRY",
    "AboutAssignment",
    "AddressRefusal",
    "AdminUser",
    "Allowed",
    "Amendment",
    "Anonymous",
    "Attenuation",
    "Consulted",
    "ControlAction",
    "Denied",
    "DenyAssignment",
    "DirectoryPrincipal",
    "FolderOwner",
    "Law",
    "NetworkRules",
    "Outcome",
    "PermissionSet",
    "Principal",
    "PrincipalKind",
    "Question",
    "Reason",
    "Refusal",
    "RegistryAction",
    "RegistryPolicy",
    "RegistryToken",
    "Remedy",
    "RepositoryToken",
    "Resource",
    "RoleAssignment",
    "RoleDefinition",
    "RoleMode",
    "ScopeMap",
    "ScopeMapRule",
    "Subject",
    "amended",
    "build_law",
    "cause",
    "decide",
    "grounds",
    "meaning",
    "name_subject",
    "permission_named",
    "remedies",
    "sentence",
]
