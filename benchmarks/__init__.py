"""Measures Pratique beside nginx and other registries in one run on one machine.

Guarantees that all servers give the same bytes for the same paths before anything is timed, and
that a noisy machine disturbs all of them alike. Refuses to compare figures of different runs.
"""
