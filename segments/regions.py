"""Groups of countries that marketers speak of, by ISO 3166-1 code. Pure.

Continents as the United Nations group them (https://unstats.un.org/unsd/methodology/m49/), Kosovo and Taiwan put where
they lie. The European Union and the European Economic Area as of 2026; their rules follow the country one lives in.
"""

from collections.abc import Collection, Mapping

_EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
_LATIN_AMERICA = (
    "AR BO BR BV CL CO EC FK GF GS GY PE PY SR UY VE BZ CR GT HN MX NI PA SV AG AI AW BB BL BQ BS CU CW DM DO GD GP HT"
    " JM KN KY LC MF MQ MS PR SX TC TT VC VG VI"
)
_NORTHERN_AMERICA = "BM CA GL PM US"

_MEMBERS = {
    "european_union": _EU,
    "european_economic_area": f"{_EU} IS LI NO",
    "africa": (
        "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW IO KE KM LR LS LY MA MG ML MR MU MW MZ NA"
        " NE NG RE RW SC SD SH SL SN SO SS ST SZ TD TF TG TN TZ UG YT ZA ZM ZW"
    ),
    "antarctica": "AQ",
    "asia": (
        "AE AF AM AZ BD BH BN BT CN CY GE HK ID IL IN IQ IR JO JP KG KH KP KR KW KZ LA LB LK MM MN MO MV MY NP OM PH PK"
        " PS QA SA SG SY TH TJ TL TM TR TW UZ VN YE"
    ),
    "europe": (
        "AD AL AT AX BA BE BG BY CH CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI LT LU LV MC MD ME MK MT"
        " NL NO PL PT RO RS RU SE SI SJ SK SM UA VA XK"
    ),
    "latin_america": _LATIN_AMERICA,
    "northern_america": _NORTHERN_AMERICA,
    "oceania": "AS AU CC CK CX FJ FM GU HM KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TO TV UM VU WF WS",
}
CONTINENTS = ("africa", "antarctica", "asia", "europe", "latin_america", "northern_america", "oceania")
MEMBERS: Mapping[str, frozenset[str]] = {name: frozenset(codes.split()) for name, codes in _MEMBERS.items()}
NAMES: Mapping[str, str] = {
    "european_union": "European Union (EU)",
    "european_economic_area": "European Economic Area (EEA)",
    "africa": "Africa",
    "antarctica": "Antarctica",
    "asia": "Asia",
    "europe": "Europe",
    "latin_america": "Latin America and the Caribbean",
    "northern_america": "Northern America",
    "oceania": "Oceania",
}
ALSO: Mapping[str, str] = {"eu": "european_union", "eea": "european_economic_area", "north_america": "northern_america"}


def countries_in(groups: Collection[str]) -> list[str]:
    """The countries of any of these groups, by code."""
    return sorted(frozenset[str]().union(*(MEMBERS[name] for name in groups)))
