"""What the known identity may do, what is there, and pushes."""

from __future__ import annotations

from tests.diagnosis.bed.harness import Case, Question, Verdict, case, twin
from tests.diagnosis.bed.hosting import HOST, IMAGE, logged_in, pull, push, registry_at
from tests.diagnosis.bed.registries import on
from tests.diagnosis.bed.stage import Stage
from tests.diagnosis.bed.wording import errors


def _may(stage: Stage) -> Question:
    logged_in(stage, registry_at(stage, HOST), team__app="pull")
    return pull()


def _may_not_narrow(stage: Stage) -> Question:
    logged_in(stage, registry_at(stage, HOST), other__app="pull")
    return pull()


def _may_not_refused(stage: Stage) -> Question:
    logged_in(stage, registry_at(stage, HOST, refuses_scopes=True), other__app="pull")
    return pull()


def _may_not_basic(stage: Stage) -> Question:
    logged_in(stage, registry_at(stage, HOST, realm=""), other__app="pull")
    return pull()


def _tag_hidden(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    logged_in(stage, registry, team__app="pull")
    refusal = errors(401, "UNAUTHORIZED", "authentication required").with_headers(
        registry.words.challenge(registry, IMAGE, "pull", "insufficient_scope")
    )
    registry.bends.append(on("/v2/.+/manifests/1[.]1", refusal))
    return pull(tag="1.1")


def _tag_there(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    registry.holds(IMAGE, "1.1")
    logged_in(stage, registry, team__app="pull")
    return pull(tag="1.1")


def _tag_openly_missing(stage: Stage) -> Question:
    logged_in(stage, registry_at(stage, HOST), team__app="pull")
    return pull(tag="1.1")


def _repository_missing(stage: Stage) -> Question:
    logged_in(stage, registry_at(stage, HOST), everything="pull")
    return pull(repository="team/ap")


def _may_push(stage: Stage) -> Question:
    logged_in(stage, registry_at(stage, HOST), team__app="pull,push")
    return push()


def _may_not_push(stage: Stage) -> Question:
    logged_in(stage, registry_at(stage, HOST), team__app="pull")
    return push()


def _may_not_push_refused(stage: Stage) -> Question:
    logged_in(stage, registry_at(stage, HOST, refuses_scopes=True), team__app="pull")
    return push()


def _may_not_push_basic(stage: Stage) -> Question:
    logged_in(stage, registry_at(stage, HOST, realm=""), team__app="pull")
    return push()


def _nobody_pushes(stage: Stage) -> Question:
    registry_at(stage, HOST)
    return push()


def _nobody_pushes_where_all_may_pull(stage: Stage) -> Question:
    registry_at(stage, HOST).public[IMAGE] = {"pull"}
    return push()


def _may_only_push(stage: Stage) -> Question:
    logged_in(stage, registry_at(stage, HOST), team__app="push")
    return push()


def _mount_refused(stage: Stage) -> Question:
    registry = registry_at(stage, HOST, refuses_scopes=True)
    logged_in(stage, registry, team__app="pull,push")
    return push(mount_from="team/base")


def _mount_allowed(stage: Stage) -> Question:
    registry = registry_at(stage, HOST, refuses_scopes=True)
    logged_in(stage, registry, team__app="pull,push", team__base="pull")
    return push(mount_from="team/base")


def _mount_narrowed(stage: Stage) -> Question:
    logged_in(stage, registry_at(stage, HOST), team__app="pull,push")
    return push(mount_from="team/base")


def _strange_refusal(stage: Stage) -> Question:
    registry = registry_at(stage, HOST)
    logged_in(stage, registry, team__app="pull")
    registry.bends.append(on("/v2/.+/manifests/.*", errors(451, "LEGAL", "not here")))
    return pull()


CASES: tuple[Case, ...] = (
    case("known: narrower token", _may_not_narrow, Verdict.PROVEN, "known-but-not-allowed"),
    case("known: no token", _may_not_refused, Verdict.PROVEN, "known-but-not-allowed"),
    case("known: Basic", _may_not_basic, Verdict.PROVEN, "known-but-not-allowed"),
    twin("known: allowed", _may, Verdict.WELL, of="known-but-not-allowed"),
    case(
        "4: tag missing, refused",
        _tag_hidden,
        Verdict.PROVEN,
        "tag-or-repository-missing-shown-as-unauthorized",
    ),
    twin(
        "4: tag there",
        _tag_there,
        Verdict.WELL,
        of="tag-or-repository-missing-shown-as-unauthorized",
    ),
    twin(
        "4: openly missing",
        _tag_openly_missing,
        Verdict.PROVEN,
        "tag-missing",
        of="tag-or-repository-missing-shown-as-unauthorized",
    ),
    case("tag-missing", _tag_openly_missing, Verdict.PROVEN, "tag-missing"),
    twin("tag-missing: there", _tag_there, Verdict.WELL, of="tag-missing"),
    twin(
        "tag-missing: no repository either",
        _repository_missing,
        Verdict.PROVEN,
        "repository-missing",
        of="tag-missing",
    ),
    case("repository-missing", _repository_missing, Verdict.PROVEN, "repository-missing"),
    twin(
        "repository-missing: a tag is",
        _tag_openly_missing,
        Verdict.PROVEN,
        "tag-missing",
        of="repository-missing",
    ),
    case("push: pull only", _may_not_push, Verdict.PROVEN, "push-not-allowed"),
    case("push: no token", _may_not_push_refused, Verdict.PROVEN, "push-not-allowed"),
    twin(
        "push: without a login",
        _nobody_pushes,
        Verdict.PROVEN,
        "no-credential-for-host",
        of="push-not-allowed",
    ),
    case(
        "push: without a login where all may pull",
        _nobody_pushes_where_all_may_pull,
        Verdict.PROVEN,
        "push-not-allowed",
    ),
    case("push: Basic", _may_not_push_basic, Verdict.PROVEN, "push-not-allowed"),
    twin("push: allowed", _may_push, Verdict.WELL, of="push-not-allowed"),
    case("60: push only", _may_only_push, Verdict.PROVEN, "push-without-pull"),
    twin("60: both", _may_push, Verdict.WELL, of="push-without-pull"),
    case("59: refused together", _mount_refused, Verdict.PROVEN, "cross-repository-mount-scope"),
    twin("59: allowed", _mount_allowed, Verdict.WELL, of="cross-repository-mount-scope"),
    twin("59: a narrower token", _mount_narrowed, Verdict.WELL, of="cross-repository-mount-scope"),
    case("unexplained: 451", _strange_refusal, Verdict.SUSPECTED, "unexplained"),
    twin(
        "unexplained: explained",
        _tag_openly_missing,
        Verdict.PROVEN,
        "tag-missing",
        of="unexplained",
    ),
)
