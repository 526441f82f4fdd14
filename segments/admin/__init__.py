"""The tables of this app for operators, a module a noun."""

from segments.admin import contacts, events, imports, segments

__all__ = ["contacts", "events", "imports", "segments"]
