from segments.selectors.contacts import Recipient, known_fields, merge_contexts
from segments.selectors.segments import Preview, audience, size_and_sample, used_by

__all__ = ["Preview", "Recipient", "audience", "known_fields", "merge_contexts", "size_and_sample", "used_by"]
