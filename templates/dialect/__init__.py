"""Our Liquid (environment.py), what it may reach and cost (context.py), its filters and its addresses (hrefs.py)."""

from templates.dialect.context import Context, Output
from templates.dialect.environment import AUTHOR, HTML, TEXT, Dialect, UnknownFilter, parse

__all__ = ["AUTHOR", "HTML", "TEXT", "Context", "Dialect", "Output", "UnknownFilter", "parse"]
