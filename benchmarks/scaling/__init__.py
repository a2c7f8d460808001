"""What a registry of many nodes needs: costs measured on one machine, and a model that uses them.

`python -m benchmarks.scaling.measure` writes `measured.json`; `python -m benchmarks.scaling` puts
the tables that follow from it into `docs/scale.md`.
"""
