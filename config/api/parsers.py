"""Bodies: JSON that the database can hold, and not too much of it."""

import json
from math import isfinite
from typing import Any

from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

MOST = 5 * 1024 * 1024  # bytes


class TooLarge(APIException):
    status_code = 413
    default_detail = f"A body has at most {MOST // 1024 // 1024} MB."
    default_code = "too_large"


class PlainJson(BaseParser):
    """JSON in UTF-8, without NUL, lone surrogates, NaN and numbers beyond any float: nothing could store them."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        raw = stream.read(MOST + 1)
        if len(raw) > MOST:
            raise TooLarge
        try:
            found = json.loads(raw.decode(), parse_constant=_refuse)
            _check(found)
        except RecursionError:
            raise ParseError("This JSON is nested too deeply.") from None
        except ValueError as error:  # UnicodeError is one
            raise ParseError(f"This is not JSON in UTF-8: {error}") from None
        return found


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def _check(value: Any) -> None:
    if isinstance(value, dict):
        for name, below in value.items():
            _check(name)
            _check(below)
    elif isinstance(value, list):
        for below in value:
            _check(below)
    elif isinstance(value, str):
        if "\x00" in value:
            raise ValueError("it holds the character NUL")
        value.encode()  # lone surrogates fail
    elif isinstance(value, float) and not isfinite(value):
        raise ValueError("a number is too large")
