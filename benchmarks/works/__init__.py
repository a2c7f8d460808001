"""The works that are measured, each with its words and its bars, in the order of the tables."""

from __future__ import annotations

from benchmarks.works import (
    blobs,
    cold_pulls,
    manifests,
    many_tags,
    memory,
    pushes,
    ranges,
    starts,
    tls,
)
from benchmarks.works.work import Work

WORKS: tuple[Work, ...] = (
    manifests.WORK,
    blobs.WORK,
    ranges.WORK,
    pushes.WORK,
    cold_pulls.WORK,
    tls.WORK,
    many_tags.WORK,
    memory.WORK,
    starts.WORK,
)
BY_NAME = {work.name: work for work in WORKS}
