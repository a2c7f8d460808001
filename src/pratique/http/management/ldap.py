"""The LDAP server from which users and groups come."""

from __future__ import annotations

import msgspec

from pratique.access import FolderOwner
from pratique.admission import Unacceptable
from pratique.admission.changes import ldap
from pratique.admission.changes.ldap_planning import SyncPlan, plan
from pratique.admission.changes.names import reserved_names
from pratique.admission.snapshot import Snapshot
from pratique.http.management import shapes, views
from pratique.http.management.visit import DIRECTORY_SCOPE, Visit
from pratique.http.wire.answers import Given
from pratique.identity.ldap import LdapSetup, LdapUnavailable, read_url

# A sync makes and changes users and groups, so whoever starts it may do that.
_ALSO_NEEDED = (
    "Microsoft.Authorization/directory/users/write",
    "Microsoft.Authorization/directory/groups/write",
)


class WantedTrial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to look up, and with which password if any."""

    username: str | None = None
    password: str | None = None


class WantedSync(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether only to tell, and whether to go on when most would be gone."""

    dry_run: bool = False
    force: bool = False


class Removal(msgspec.Struct, frozen=True):
    """Whether the users who came from there are disabled too."""

    with_users: bool = False


async def show_ldap(visit: Visit) -> Given[shapes.LdapSetup]:
    """The setup, with how many come from there."""
    snapshot = visit.view()
    return Given(_shown(ldap.find(snapshot), snapshot))


async def set_ldap(visit: Visit, wanted: ldap.WantedSetup) -> Given[shapes.LdapSetup]:
    """Ask this LDAP server from now on."""
    inside = isinstance(visit.caller.subject, FolderOwner)
    setup = await visit.change(lambda draft: ldap.set_up(draft, wanted, from_folder=inside))
    return Given(_shown(setup, visit.snapshot))


async def remove_ldap(visit: Visit, query: Removal) -> Given[shapes.RemovedLdapSetup]:
    """Ask the LDAP server no more."""
    before = visit.snapshot
    gone = await visit.change(lambda draft: ldap.remove(draft, with_users=query.with_users))
    disabled = sorted(user.user_name for user in gone.users)
    return Given(shapes.RemovedLdapSetup.widening(_shown(gone.setup, before), disabled=disabled))


async def test_ldap(visit: Visit, wanted: WantedTrial) -> Given[shapes.LdapTrial]:
    """Ask the LDAP server step by step, and tell what was found; nothing is changed."""
    setup = ldap.find(visit.view())
    if wanted.password is not None and wanted.username is None:
        raise Unacceptable("a password is tried for a user; name one")
    findings = await visit.ldap.examine(setup, wanted.username, wanted.password, visit.gate.now())
    return Given(
        shapes.LdapTrial(
            url=setup.url,
            good=all(finding.good for finding in findings),
            steps=[shapes.LdapStep(step=f.step, good=f.good, found=f.found) for f in findings],
        )
    )


async def sync_ldap(visit: Visit, wanted: WantedSync) -> Given[shapes.Sync]:
    """Bring users and groups up to date with the LDAP server, all at once or not at all."""
    for permission in _ALSO_NEEDED:
        visit.need(permission, DIRECTORY_SCOPE)
    setup = ldap.find(visit.view())
    try:
        content = await visit.ldap.read(setup, visit.gate.now())
    except LdapUnavailable as error:
        raise Unacceptable(f"nothing was changed: {error}") from error
    snapshot = visit.snapshot
    draft = visit.control.draft(snapshot)
    planned = await visit.apart(
        lambda patience: plan(
            content,
            snapshot.directory,
            version=snapshot.version,
            at=draft.at,
            new_id=draft.new_id,
            patience=patience,
            reserved=reserved_names(snapshot),
        )
    )
    if not wanted.dry_run:
        before = planned
        planned = await visit.change(
            lambda draft: ldap.carry_out(draft, setup, content, before, force=wanted.force)
        )
    return Given(_told(planned, dry_run=wanted.dry_run))


def _told(planned: SyncPlan, *, dry_run: bool) -> shapes.Sync:
    return shapes.Sync(
        dry_run=dry_run,
        changes=[
            shapes.SyncedChange(kind=c.kind, name=c.name, changes=list(c.done))
            for c in planned.changes
        ],
        conflicts=[
            shapes.SyncConflict(kind=c.kind, name=c.name, reason=c.sentence)
            for c in planned.conflicts
        ],
        needs_force=any(2 * lost > present for _, present, lost in planned.lost),
    )


def _shown(setup: LdapSetup, snapshot: Snapshot) -> shapes.LdapSetup:
    return shapes.LdapSetup(
        url=setup.url,
        kind=setup.kind.value,
        plain=setup.plain,
        here=read_url(setup.url).here,
        ca_file=setup.ca_file or None,
        bind_dn=setup.bind_dn or None,
        bind_password_file=setup.bind_password_file or None,
        user_base=setup.user_base,
        user_filter=setup.user_filter,
        name_attribute=setup.name_attribute,
        group_base=setup.group_base or None,
        group_filter=setup.group_filter if setup.group_base else None,
        users=len(ldap.users_of(snapshot)),
        groups=len(ldap.groups_of(snapshot)),
        created=views.instant(setup.created_at),
        synced=views.instant(setup.synced_at),
    )
