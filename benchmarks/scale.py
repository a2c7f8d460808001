"""How large a run is: the real one, and one of seconds that only shows that everything works."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Sizes in bytes, and counts.

    Attributes:
        name: `full` or `quick`.
        small: the blob that stands for configurations and thin layers.
        large: the blob that stands for thick layers, and that is pushed alone.
        huge: the blob that lazy pullers read piece by piece.
        piece: how much they read at once.
        cold_layers: of the image that many clients pull at once.
        cold_clients: how many.
        pushed: each of many blobs that are pushed at once.
        pushes: how many, and `pushers` at a time.
        pushers: see `pushes`.
        uploaded: each of `uploads` that all run at once.
        uploads: see `uploaded`.
        repositories: of the registry with many tags.
        tags: of each of them.
        starts: how often the server is started to see how long that takes.
    """

    name: str
    small: int
    large: int
    huge: int
    piece: int
    cold_layers: tuple[int, ...]
    cold_clients: int
    pushed: int
    pushes: int
    pushers: int
    uploaded: int
    uploads: int
    repositories: int
    tags: int
    starts: int


FULL = Scale(
    name="full",
    small=200_000,
    large=100_000_000,
    huge=1_000_000_000,
    piece=65_536,
    cold_layers=(1_000_000, 500_000, 200_000, 50_000, 5_000),
    cold_clients=200,
    pushed=1_000_000,
    pushes=100,
    pushers=10,
    uploaded=256_000_000,
    uploads=64,
    repositories=10_000,
    tags=100,
    starts=5,
)
QUICK = Scale(
    name="quick",
    small=20_000,
    large=2_000_000,
    huge=8_000_000,
    piece=65_536,
    cold_layers=(100_000, 50_000, 20_000, 5_000, 500),
    cold_clients=20,
    pushed=100_000,
    pushes=10,
    pushers=5,
    uploaded=2_000_000,
    uploads=16,
    repositories=40,
    tags=10,
    starts=1,
)
