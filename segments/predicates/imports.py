"""Conditions on having come with an import."""

from collections.abc import Mapping

from django.db.models import Exists, OuterRef, Q

from config.lib import public_ids
from segments.models import Import, ImportRow
from segments.predicates.base import Leaf, Predicate, Scope
from segments.predicates.types import Reference, ValueType


class InImport(Predicate):
    """Concerned by a row of any of these imports, whether it made the contact, changed it or found it as it was."""

    kind = "in_import"

    def fields(self) -> Mapping[str, ValueType]:
        return {"import": Reference("import", Import, "came with the import", "did not come with the import")}

    def to_q(self, leaf: Leaf, scope: Scope) -> Q:
        imports = [public_ids.decode("import", text) for text in leaf.value]
        return Q(Exists(ImportRow.objects.filter(contact=OuterRef("pk"), imported_from__in=imports)))

    def complement(self, leaf: Leaf, scope: Scope) -> Q:
        return ~self.to_q(leaf, scope)
