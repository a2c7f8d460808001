"""Pratique and what it is measured beside, each started as its own makers tell.

Guarantees that every peer runs alone on a free port of 127.0.0.1, logs errors only, and asks for
credentials wherever it can. Refuses to hide which of them let everybody in: the tables say so.
"""
