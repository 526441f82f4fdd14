from segments.models.bulk import BulkJob, BulkTarget
from segments.models.contact import Attribute, Contact
from segments.models.events import (
    Activity,
    ActivityTotal,
    EventKey,
    EventType,
    EventTypeVersion,
    Metric,
    RawEvent,
    Source,
)
from segments.models.identity import IdentityLink, Visitor
from segments.models.importing import Import, ImportRow, StagedRow
from segments.models.ingest import QuarantinedEvent, WriteKey
from segments.models.list import ContactList, ListMembership
from segments.models.membership import How, Membership, MembershipChange, SegmentDay, SegmentUpkeep, TailMark, Touch
from segments.models.merging import ContactMerge, FormerContact
from segments.models.promotion import Promotion
from segments.models.rfm import RfmCell, RfmScore, RfmSnapshot
from segments.models.segment import Segment, SegmentVersion

__all__ = [
    "Activity",
    "ActivityTotal",
    "Attribute",
    "BulkJob",
    "BulkTarget",
    "Contact",
    "ContactList",
    "ContactMerge",
    "EventKey",
    "EventType",
    "EventTypeVersion",
    "FormerContact",
    "How",
    "IdentityLink",
    "Import",
    "ImportRow",
    "ListMembership",
    "Membership",
    "MembershipChange",
    "Metric",
    "Promotion",
    "QuarantinedEvent",
    "RawEvent",
    "RfmCell",
    "RfmScore",
    "RfmSnapshot",
    "Segment",
    "SegmentDay",
    "SegmentUpkeep",
    "SegmentVersion",
    "Source",
    "StagedRow",
    "TailMark",
    "Touch",
    "Visitor",
    "WriteKey",
]
