"""Measures Pratique beside nginx and Debian's `docker-registry` in one run on one machine.

Guarantees that the three servers give the same bytes for the same paths before anything is timed,
and that a noisy machine disturbs all three alike. Refuses to compare figures of different runs.
"""
