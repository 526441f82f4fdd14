"""Our Liquid (environment.py), what it may reach and cost (context.py), its filters and its addresses (hrefs.py)."""

from templates.dialect.context import Context
from templates.dialect.environment import AUTHOR, HTML, TEXT, Dialect, UnknownFilter, parse
from templates.dialect.nodes import BLANK_LINES
from templates.dialect.program import Program

__all__ = ["AUTHOR", "BLANK_LINES", "HTML", "TEXT", "Context", "Dialect", "Program", "UnknownFilter", "parse"]
