"""Compiling: content.py is the recipe, the rest are its tools, each for one thing."""

from templates.compiling.content import Compilation, Compiled, compile_content

__all__ = ["Compilation", "Compiled", "compile_content"]
