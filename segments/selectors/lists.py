"""Reads of lists, and of what contacts can be narrowed by."""

from collections.abc import Collection

from babel import Locale
from django.utils.translation import get_language, to_locale

from config.lib.sql import Statements
from segments.models import ContactList

_SQL = Statements("segments", "audience")
COUNTED = 100_000  # beyond that a list says "more than"


def sizes(list_ids: Collection[int]) -> dict[int, int]:
    """How many people are on each of these lists; COUNTED + 1 stands for more than COUNTED. One query."""
    return dict(_SQL.rows("list_sizes", lists=list(list_ids), most=COUNTED + 1))


def lists_in_use() -> list[tuple[int, str]]:
    """(id, name) of the lists that are not archived, by name; of very many, the first thousand."""
    return list(ContactList.objects.filter(archived_at=None).order_by("name").values_list("pk", "name")[:1000])


def countries() -> list[tuple[str, str]]:
    """(code, name in the reader's language) of the countries contacts are in, by name."""
    codes = [code for (code,) in _SQL.rows("countries")]
    names = Locale.parse(to_locale(get_language() or "en")).territories
    return sorted(((code, names.get(code, code)) for code in codes), key=lambda one: one[1])
