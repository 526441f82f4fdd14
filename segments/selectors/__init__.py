from segments.selectors.segments import Preview, audience, size_and_sample, used_by

__all__ = ["Preview", "audience", "size_and_sample", "used_by"]
