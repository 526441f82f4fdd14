"""From predicate tree to SQL: the one meaning of a segment (preview, launch, branch, export use nothing else).

A negation is driven down to the conditions by De Morgan's laws, and there each predicate gives its exact complement:
no NOT ever meets a NULL, and Postgres may plan a missing membership as an anti-join.
Segments inside segments are compiled in place, by their current versions; a frozen one is its members.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from config.lib import public_ids
from config.lib.errors import FieldError
from segments.errors import InvalidCriteria
from segments.models import Contact, Segment
from segments.predicates.base import Catalogue, Leaf
from segments.predicates.segment_members import SEGMENTS, in_frozen
from segments.trees import Group, Node, check_references, read, references

MAX_CHAIN = 10  # segments within segments
MAX_COMPILED_LEAVES = 2_000  # with all segments in place


def compile(criteria: Any, at: datetime) -> Q:  # noqa: A001
    """The contacts a rule matches, relative dates counted from `at`. Raises InvalidCriteria."""
    return Compiler(at).criteria(criteria)


def contacts_matching(
    criteria: Any, *, at: datetime | None = None, among: Collection[int] | None = None
) -> QuerySet[Contact]:
    """The people a rule matches at this moment (or at `at`), each once. Raises InvalidCriteria.

    `among` (row ids, or a range of them): only these, asked by their ids in every table. The same as a filter, sooner.
    """
    found = Contact.objects.filter(Compiler(at or timezone.now(), among=among).criteria(criteria))
    if isinstance(among, range):
        return found.filter(pk__gte=among.start, pk__lt=among.stop)
    return found if among is None else found.filter(pk__in=among)


class Compiler:
    """Compiles rules and saved segments at one moment; a segment is read once however often it is named.

    `replacing`: rules to use instead of the current ones of these segments, to try a change before it is saved.
    `among` (may be set anew between two questions): the only contacts that are asked for, ids or a range of them; what
    it gives is right for these alone.
    """

    def __init__(
        self, at: datetime, *, replacing: Mapping[int, Any] | None = None, among: Collection[int] | None = None
    ) -> None:
        self.at = at
        self.among = among
        self._catalogue = Catalogue.load()
        self._names: dict[int, str] = {}
        self._trees: dict[int, Group] = {}
        self._frozen: set[int] = set()
        self._replacing = replacing or {}
        self._chain: list[int] = []
        self._leaves = 0

    def criteria(self, criteria: Any) -> Q:
        """The people a rule matches. Raises InvalidCriteria."""
        tree = read(criteria, self._catalogue)
        check_references([tree])
        self.load(_segments_of(tree))
        return self._q(tree, negated=False)

    def members(self, segment_id: int, *, negated: bool = False) -> Q:
        """The people in a saved segment, or exactly those who are not. Raises InvalidCriteria."""
        self.load([segment_id])
        if segment_id in self._frozen:
            return ~in_frozen(segment_id) if negated else in_frozen(segment_id)
        with self._inside(segment_id):
            return self._q(self._trees[segment_id], negated)

    def alone(self, segment_id: int) -> Q:
        """The people in a saved segment as a rule of its own: its conditions are counted from zero."""
        self._leaves = 0
        return self.members(segment_id)

    def load(self, segment_ids: Iterable[int]) -> None:
        """Read these segments and all they refer to: one query a level."""
        wanted, fresh = set(segment_ids) - self._trees.keys(), []
        while wanted:
            fresh += (level := [self._read(*row) for row in _current_rules(wanted)])
            if missing := wanted - self._trees.keys():
                gone = public_ids.encode("segment", min(missing))
                raise InvalidCriteria(FieldError("", SEGMENTS.unknown(gone), "unknown_reference"))
            wanted = {pk for tree in level for pk in _segments_of(tree)} - self._trees.keys()
        check_references(fresh)

    def _read(self, pk: int, name: str, criteria: Any, frozen: bool) -> Group:
        self._names[pk] = name
        if frozen and pk not in self._replacing:
            self._frozen.add(pk)
            self._trees[pk] = Group("AND", ())  # whatever its rule names does not matter any more
            return self._trees[pk]
        try:
            self._trees[pk] = read(self._replacing.get(pk, criteria), self._catalogue)
        except InvalidCriteria as error:
            if pk in self._replacing:
                raise
            raise InvalidCriteria(FieldError("", f"in segment {name!r}: {error.detail}")) from None
        return self._trees[pk]

    def _q(self, node: Node, negated: bool) -> Q:
        return self._group_q(node, negated) if isinstance(node, Group) else self._leaf_q(node, negated)

    def _group_q(self, group: Group, negated: bool) -> Q:
        turned = negated != group.negated
        parts = [self._q(child, turned) for child in group.conditions]
        body = Q(*parts, _connector=Q.AND if (group.logic == "AND") != turned else Q.OR)
        with _told_at(f"{group.pointer}/exclude_segments"):
            excluded = [
                self.members(public_ids.decode("segment", text), negated=not negated) for text in group.excluded
            ]
        return Q(body, *excluded, _connector=Q.OR if negated else Q.AND)

    def _leaf_q(self, leaf: Leaf, negated: bool) -> Q:
        self._leaves += 1
        if self._leaves > MAX_COMPILED_LEAVES:
            raise InvalidCriteria(
                FieldError(
                    leaf.pointer,
                    f"with its segments in place this rule has over {MAX_COMPILED_LEAVES:,} conditions",
                    "too_large",
                )
            )
        with _told_at(leaf.pointer):
            return self._predicate_q(leaf, negated)

    def _predicate_q(self, leaf: Leaf, negated: bool) -> Q:
        predicate = leaf.field.predicate
        if not leaf.operator.complement_of:
            return predicate.complement(leaf, self) if negated else predicate.to_q(leaf, self)
        positive = Leaf(leaf.field, leaf.field.type.operators[leaf.operator.complement_of], leaf.value, leaf.pointer)
        return predicate.to_q(positive, self) if negated else predicate.complement(positive, self)

    @contextmanager
    def _inside(self, segment_id: int) -> Iterator[None]:
        if segment_id in self._chain:
            names = [self._names[pk] for pk in [*self._chain[self._chain.index(segment_id) :], segment_id]]
            raise InvalidCriteria(FieldError("", f"segments go in a circle: {' → '.join(names)}", "cycle"))
        if len(self._chain) >= MAX_CHAIN:
            names = [self._names[pk] for pk in self._chain]
            detail = f"segments may refer to each other {MAX_CHAIN} deep, this goes deeper: {' → '.join(names)}"
            raise InvalidCriteria(FieldError("", detail, "too_deep"))
        self._chain.append(segment_id)
        try:
            yield
        finally:
            self._chain.pop()


@contextmanager
def _told_at(pointer: str) -> Iterator[None]:
    """What goes wrong inside a segment is told at the condition of the outermost rule that leads there."""
    try:
        yield
    except InvalidCriteria as error:
        raise InvalidCriteria(*(replace(one, pointer=pointer) for one in error.errors)) from None


def _segments_of(tree: Group) -> set[int]:
    return {public_ids.decode("segment", text) for reference, text, _ in references(tree) if reference == SEGMENTS}


def _current_rules(segment_ids: Collection[int]) -> Iterable[tuple[int, str, Any, bool]]:
    rows = Segment.objects.filter(pk__in=segment_ids).values_list("pk", "name", "current__criteria", "frozen_at")
    return [(pk, name, criteria, frozen_at is not None) for pk, name, criteria, frozen_at in rows]
