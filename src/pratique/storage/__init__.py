"""Stores: where content and identity are kept.

Promises: what the ports of `registry` and `identity` demand, shown by one suite for all stores.
Refuses to know: who asks, why, and every wire.
"""
