"""Inkproof: three independent judges read one drawn digit, and show whether they agree."""

__version__ = "0.1.0"
