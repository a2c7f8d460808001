"""Tools to test with: builders, clocks, and one conformance suite for each port.

Shipped, since whoever writes a store of their own needs them; imported by nothing inside.
"""
