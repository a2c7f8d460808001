"""The account that is kept of a refusal, and the way from it back to the question."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import astuple

from pratique.access import (
    EVERY_REPOSITORY,
    THE_REGISTRY,
    AboutAssignment,
    AdminUser,
    Allowed,
    Anonymous,
    Consulted,
    ControlAction,
    Denied,
    DirectoryPrincipal,
    FolderOwner,
    Law,
    Question,
    Reason,
    RegistryAction,
    RepositoryToken,
    Resource,
    RoleAssignment,
    Subject,
    name_subject,
    permission_named,
    sentence,
)
from pratique.admission.decisions import (
    CONSULTED_KEPT,
    AboutRecord,
    ConsultedRecord,
    DecisionRecord,
)
from pratique.admission.errors import ControlError
from pratique.admission.inquiries import read_action, read_resource
from pratique.admission.recorder import Recorder
from pratique.admission.snapshot import Snapshot
from pratique.naming import InvalidName, RepositoryName

# A condition may be eight times as long; the rest is in the assignment itself.
LONGEST_FAILED = 1000
_KINDS = {
    DirectoryPrincipal: "principal",
    RepositoryToken: "token",
    AdminUser: "admin-user",
    Anonymous: "anonymous",
    FolderOwner: "folder-owner",
}


def account_of(
    denied: Denied, snapshot: Snapshot, *, decision_id: str, at: datetime, client: str
) -> DecisionRecord:
    """What is kept of a refusal: what was asked, why it was refused, and what was looked at."""
    question, law = denied.question, snapshot.law
    subject, action = question.subject, question.action
    found, count = denied.first_consulted(CONSULTED_KEPT)
    # What stands at another registry reaches nobody here, and is not told to those who govern this.
    line = frozenset((*law.line, *law.line_of(question.scope)))
    consulted = [rule for rule in found if snapshot.alone or rule.rule.scope.key in line]
    count -= len(found) - len(consulted)
    caller_kind, caller_id = caller_key(subject)
    return DecisionRecord(
        decision_id=decision_id,
        at=at,
        kind="refused",
        reason=denied.reason,
        sentence=sentence(denied, law),
        caller_kind=caller_kind,
        caller_id=caller_id,
        caller=name_subject(subject, law),
        action=word_of(action),
        permission=permission_named(action, law.registry.mode),
        resource=resource_text(question.resource),
        law_version=snapshot.version,
        about=_about(question),
        consulted=tuple(_consulted(rule, law) for rule in consulted),
        consulted_count=count,
        client=client,
        registry=snapshot.registry_id,
    )


def note_use(recorder: Recorder, allowed: Allowed, at: datetime) -> None:
    """Let the recorder know which role assignment allowed something, if one did."""
    if allowed.reason is not Reason.ROLE_ASSIGNMENT:
        return
    resource = allowed.question.resource
    recorder.use(
        allowed.consulted[-1].rule_id,
        word_of(allowed.question.action),
        resource if isinstance(resource, RepositoryName) else None,
        at.date(),
    )


def question_of(record: DecisionRecord, snapshot: Snapshot) -> Question | None:
    """The question that was refused, to be asked again; None when it cannot be any more.

    The access token that may have narrowed it is gone: asked is what its holder may.
    """
    subject = _subject_of(record, snapshot)
    if subject is None:
        return None
    try:
        action = read_action(record.action)
        about = AboutAssignment(*astuple(record.about)) if record.about else None
        resource = read_resource(record.resource, action)
        return Question(subject, action, resource, about=about)
    except (ControlError, InvalidName):
        return None


def caller_key(subject: Subject) -> tuple[str, str]:
    """Kind and id under which the refusals of a caller are kept; one alone may be another's."""
    return _KINDS[type(subject)], _id_of(subject)


def _about(question: Question) -> AboutRecord | None:
    found = question.about
    if found is None:
        return None
    return AboutRecord(found.role_id, found.principal_id, found.principal_kind)


def resource_text(resource: Resource) -> str:
    """How a resource is written: a repository, a scope, `*`, or `registry`."""
    if resource is THE_REGISTRY:
        return "registry"
    return "*" if resource is EVERY_REPOSITORY else str(resource)


def word_of(action: RegistryAction | ControlAction) -> str:
    """How an action is written: its wire word, or its permission."""
    return action.permission if isinstance(action, ControlAction) else action.word


def _id_of(subject: Subject) -> str:
    match subject:
        case DirectoryPrincipal(object_id):
            return object_id
        case RepositoryToken(name):
            return name
        case _:
            return ""


def _subject_of(record: DecisionRecord, snapshot: Snapshot) -> Subject | None:
    match record.caller_kind:
        case "principal" if record.caller_id in snapshot.law.principals:
            return DirectoryPrincipal(record.caller_id)
        case "token" if record.caller_id in snapshot.law.tokens:
            return RepositoryToken(record.caller_id)
        case "admin-user":
            return AdminUser()
        case "anonymous":
            return Anonymous()
        case _:
            return None


def _consulted(found: Consulted, law: Law) -> ConsultedRecord:
    rule = found.rule
    holder_id = rule.principal_id if isinstance(rule, RoleAssignment) else found.through_group or ""
    holder = law.principals.get(holder_id)
    return ConsultedRecord(
        assignment_id=found.rule_id,
        role=found.role_name,
        principal_id=holder_id,
        principal=holder.display_name if holder else "",
        scope=str(rule.scope),
        outcome=found.outcome,
        failed=found.failed[:LONGEST_FAILED] or None,
        through_group=found.through_group,
    )
