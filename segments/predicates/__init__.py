"""The kinds of condition a segment may hold, one class a kind (settings.SEGMENT_PREDICATES)."""
