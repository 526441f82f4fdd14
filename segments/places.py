"""Countries, languages and time zones: from what people write to the one code we keep."""

import re
from functools import cache, lru_cache
from zoneinfo import available_timezones

from babel import Locale

from config.lib.errors import DomainError

# Codes of the names database that are no country of ISO 3166-1; XK (Kosovo) is in use although it is not there.
_NO_COUNTRIES = frozenset("AC CP CQ CS DG EA EU EZ IC QO TA UN XA XB ZZ".split())
_NAMES_IN = ("en", "de", "es", "fr", "it", "nl", "pt")
_ALSO = {
    "uk": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "northern ireland": "GB",
    "usa": "US", "u.s.a.": "US", "u.s.": "US", "united states of america": "US", "uae": "AE", "turkey": "TR",
    "czech republic": "CZ", "holland": "NL", "south korea": "KR", "ivory coast": "CI",
}  # fmt: skip
_TAG = re.compile(r"(?P<language>[a-z]{2,3})(?:-(?P<script>[a-z]{4}))?(?:-(?P<region>[a-z]{2}|[0-9]{3}))?\Z")


class UnknownPlace(DomainError):
    """This country, language or time zone is not known."""

    code = "unknown_place"
    status = 422


@lru_cache(4096)
def country_code(text: str) -> str:
    """The ISO 3166-1 alpha-2 code of a country given as code or name. Raises UnknownPlace."""
    code = text.upper()
    if code in _countries():
        return code
    try:
        return _country_names()[text.casefold()]
    except KeyError:
        raise UnknownPlace("is no country; write its two-letter code, such as DE") from None


@lru_cache(4096)
def language_tag(text: str) -> str:
    """The language as en, pt-BR or zh-Hant (BCP 47) given as tag or name. Raises UnknownPlace."""
    if match := _TAG.match(text.lower().replace("_", "-")):
        language, script, region = match.group("language", "script", "region")
        if language in _languages():
            return "-".join(filter(None, (language, (script or "").title(), (region or "").upper())))
    try:
        return _language_names()[text.casefold()]
    except KeyError:
        raise UnknownPlace("is no language; write its code, such as de or pt-BR") from None


@lru_cache(4096)
def zone_name(text: str) -> str:
    """The IANA name of a time zone, whatever its capitals. Raises UnknownPlace."""
    try:
        return _zones()[text.casefold().replace(" ", "_")]
    except KeyError:
        raise UnknownPlace("is no time zone; write its name, such as Europe/Berlin") from None


@cache
def _countries() -> frozenset[str]:
    return frozenset(code for code in map(str, Locale("en").territories) if len(code) == 2) - _NO_COUNTRIES


@cache
def _languages() -> frozenset[str]:
    return frozenset(code for code in map(str, Locale("en").languages) if 2 <= len(code) <= 3)


@cache
def _country_names() -> dict[str, str]:
    tables = [Locale(language).territories for language in reversed(_NAMES_IN)]
    return {table[code].casefold(): code for table in tables for code in _countries() & table.keys()} | _ALSO


@cache
def _language_names() -> dict[str, str]:
    tables = [Locale(language).languages for language in reversed(_NAMES_IN)]
    return {table[code].casefold(): code for table in tables for code in _languages() & table.keys()}


@cache
def _zones() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones() - {"Factory", "localtime"}}
