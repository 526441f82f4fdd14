from segments.models.contact import Attribute, Contact
from segments.models.importing import Import, ImportRow, StagedRow
from segments.models.list import ContactList, ListMembership
from segments.models.segment import Segment, SegmentVersion

__all__ = [
    "Attribute",
    "Contact",
    "ContactList",
    "Import",
    "ImportRow",
    "ListMembership",
    "Segment",
    "SegmentVersion",
    "StagedRow",
]
