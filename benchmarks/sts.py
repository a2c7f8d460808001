"""`python -m benchmarks.sts`: tokens for applications, against the machine's bare signing rate.

One registry is prepared and served as an operator would; a service principal asks for directory
tokens with its secret, over connections that stay open. The bar is a ratio, since every token is
one ES256 signature: what the rest of a request costs shows in it, and the machine's speed does not.
One core is left to the programme that asks.

Exit codes: 0 done, 1 the bar was missed with `--check` or the run broke off, 2 wrong usage or a
programme is missing.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from benchmarks import known_token
from benchmarks.asking import form
from benchmarks.load import burst
from benchmarks.peers.pratique import Prepared, prepare
from benchmarks.processes import BenchmarkError

BAR = 0.3
KNOWN_BAR_MICROSECONDS = 5.0
CONNECTIONS = 32
_SIGNED_BYTES = 700
_FORM = {"content-type": "application/x-www-form-urlencoded"}


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sts")
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--check", action="store_true", help="exit with 1 when the bar is missed")
    words = parser.parse_args()
    if not shutil.which("wrk"):
        print("missing programme: run `apt-get install wrk`", file=sys.stderr)
        return 2
    try:
        with tempfile.TemporaryDirectory(prefix="pratique-bench-") as folder:
            ratios = _run(Path(folder), words.workers, words.rounds, words.seconds)
    except BenchmarkError as broken:
        print(f"the run broke off: {broken}", file=sys.stderr)
        return 1
    middle = statistics.median(ratios)
    print(
        f"ratio {middle:.2f} [{min(ratios):.2f} {max(ratios):.2f}], at least {BAR}: "
        f"{'held' if middle >= BAR else 'MISSED'}"
    )
    known, best = known_token.microseconds()
    print(
        f"a known token is verified in {known:.2f} µs, fastest round {best:.2f}; below "
        f"{KNOWN_BAR_MICROSECONDS}: {'held' if known < KNOWN_BAR_MICROSECONDS else 'MISSED'}"
    )
    missed = middle < BAR or known >= KNOWN_BAR_MICROSECONDS
    return 1 if words.check and missed else 0


def _run(folder: Path, workers: int, rounds: int, seconds: int) -> list[float]:
    """The ratio of each round."""
    prepared = prepare(folder, (), workers)
    asking = _asking(prepared)
    url = f"{prepared.url}/organizations/oauth2/v2.0/token"
    ratios = []
    with prepared.serving():
        burst(url, _FORM, CONNECTIONS, 1, asking)
        for _ in range(rounds):
            bare = _signatures_per_second(1.0)
            tokens = burst(url, _FORM, CONNECTIONS, seconds, asking).requests_per_second
            ratios.append(tokens / (bare * workers))
            print(
                f"{tokens:9,.0f} tokens/s, {bare:9,.0f} signatures/s on one core, "
                f"{workers} workers: {ratios[-1]:.2f}"
            )
    return ratios


def _asking(prepared: Prepared) -> str:
    """What makes `wrk` send the form of a token request."""
    return form(
        urlencode(
            {
                "grant_type": "client_credentials",
                "client_id": prepared.puller.client_id,
                "client_secret": prepared.puller.secret,
                "scope": "https://containerregistry.azure.net/.default",
            }
        )
    )


def _signatures_per_second(seconds: float) -> float:
    """How often one core can sign with P-256 and SHA-256, and nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    scheme, content = ec.ECDSA(hashes.SHA256()), bytes(_SIGNED_BYTES)
    made, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        for _ in range(100):
            key.sign(content, scheme)
        made += 100
    return made / (time.perf_counter() - started)


if __name__ == "__main__":
    sys.exit(main())
