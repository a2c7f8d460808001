"""The law measured: decisions, growth, loading, a change, memory, and two general-purpose judges.

`python -m benchmarks.law` makes one law of 100,000 role assignments and asks it. Everything runs on
one core; only the ratios carry over to another machine.
"""
