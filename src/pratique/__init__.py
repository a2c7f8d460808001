"""Pratique: a private OCI registry that decides who may come in, and says why."""

from importlib.metadata import version

__version__ = version("pratique")
__all__ = ["__version__"]
