"""CSV formula defence: no cell we export starts a formula in a spreadsheet, and an import gets back what was exported.

A spreadsheet looks at the start of a cell, and of each physical line where it reads line by line, behind white space
and in full-width forms too. Such a line gets an apostrophe in front, which `bare` takes away again. Plain numbers stay
as they are, so a phone number in E.164 remains one. `bare(defused(text)) == text` for every text.
"""

import re

_TRIGGER = "[=+\\-@\t\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b]"
_BLANK = "(?:[^\\S\t\r\n]|['\u200b-\u200f\u2060\ufeff])*"  # what is not seen, and the apostrophe itself
_LINE = rf"(?:\A|(?<=[\r\n])){{}}(?={_BLANK}{_TRIGGER})"
_CELL = rf"\A{{}}(?={_BLANK}[\r\n])"  # a line break first hides what follows from a check of the cell's first letter
_RISKY = re.compile(f"{_LINE.format('')}|{_CELL.format('')}")
_DEFUSED = re.compile(f"""{_LINE.format("'")}|{_CELL.format("'")}""")
_NUMBER = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?\Z")


def defused(text: str) -> str:
    """`text` with an apostrophe before each line that could start a formula."""
    return text if _NUMBER.match(text) else _RISKY.sub("'", text)


def bare(text: str) -> str:
    """`text` without the apostrophes that `defused` put there."""
    return _DEFUSED.sub("", text)
