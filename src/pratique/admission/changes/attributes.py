"""Custom security attributes of principals, which conditions find under `@Principal[...]`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pratique.admission.changes.draft import Draft
from pratique.admission.errors import NotFound, Unacceptable
from pratique.admission.records import AttributesRecord
from pratique.admission.snapshot import Snapshot
from pratique.naming.errors import printable

# A set and a name in it, joined by the first `_`, as Azure writes them (reference 5.1).
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,31}_[A-Za-z0-9_]{1,32}", re.ASCII)
MAX_VALUES = 50
MAX_ATTRIBUTES = 100
MAX_LENGTH = 256

AttributeValue = str | int | bool


def set_attribute(
    draft: Draft, principal: str, name: str, values: Iterable[AttributeValue]
) -> AttributesRecord:
    """Give a principal's attribute these values, in place of any it had.

    Raises:
        NotFound: nobody answers to `principal`.
        Unacceptable: the name is not `SET_NAME`, there is no value, or too many or too long ones.
    """
    if _NAME.fullmatch(name) is None:
        raise Unacceptable(
            f"`{printable(name)}` is no attribute; write its set and its name, for example "
            "`Engineering_Project`"
        )
    given = tuple(values)
    if not 1 <= len(given) <= MAX_VALUES or any(len(str(v)) > MAX_LENGTH for v in given):
        raise Unacceptable(
            f"an attribute has 1 to {MAX_VALUES} values of at most {MAX_LENGTH} characters"
        )
    record = attributes_of(draft.snapshot, draft.principal(principal).object_id)
    held = {**{n: v for n, v in record.values.items() if n.lower() != name.lower()}, name: given}
    if len(held) > MAX_ATTRIBUTES:
        raise Unacceptable(f"a principal has at most {MAX_ATTRIBUTES} attributes")
    changed = AttributesRecord(record.object_id, held)
    draft.put(changed)
    return changed


def remove_attribute(draft: Draft, principal: str, name: str) -> AttributesRecord:
    """Take an attribute away from a principal.

    Raises:
        NotFound: nobody answers to `principal`, or it has no such attribute.
    """
    holder = draft.principal(principal)
    record = attributes_of(draft.snapshot, holder.object_id)
    left = {n: v for n, v in record.values.items() if n.lower() != name.lower()}
    if len(left) == len(record.values):
        raise NotFound(f"`{holder.display_name}` has no attribute `{printable(name)}`")
    changed = AttributesRecord(record.object_id, left)
    draft.put(changed)
    return changed


def attributes_of(snapshot: Snapshot, object_id: str) -> AttributesRecord:
    """A principal's attributes; none for one that never had any."""
    record = snapshot.records.get(("attributes", object_id))
    return record if isinstance(record, AttributesRecord) else AttributesRecord(object_id, {})
