"""The tables of this app for operators, a module a noun."""

from segments.admin import segments

__all__ = ["segments"]
