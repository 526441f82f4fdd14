"""The tables of this app for operators, a module a noun."""

from segments.admin import contacts, imports, segments

__all__ = ["contacts", "imports", "segments"]
