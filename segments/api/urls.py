from django.urls import path

from segments.api.views import contacts, event_types, events, identity, imports, lists, quarantine, segments

urlpatterns = [
    path("contacts", contacts.Contacts.as_view()),
    path("contacts/batch", contacts.ContactBatch.as_view()),
    path("contacts/<str:public_id>", contacts.OneContact.as_view()),
    path("contacts/<str:public_id>/identity", identity.Identity.as_view()),
    path("contacts/<str:public_id>/merge", identity.MergeContacts.as_view()),
    path("event-types", event_types.EventTypes.as_view()),
    path("event-types/<str:name>", event_types.OneEventType.as_view()),
    path("event-types/<str:name>/versions", event_types.EventTypeVersions.as_view()),
    path("events", events.Events.as_view()),
    path("events/quarantine", quarantine.Quarantine.as_view()),
    path("events/quarantine/<str:public_id>/accept", quarantine.Accept.as_view()),
    path("events/quarantine/<str:public_id>/drop", quarantine.Drop.as_view()),
    path("events/quarantine/<str:public_id>/replay", quarantine.Replay.as_view()),
    path("imports", imports.Imports.as_view()),
    path("imports/<str:public_id>", imports.OneImport.as_view()),
    path("imports/<str:public_id>/check", imports.CheckImport.as_view()),
    path("imports/<str:public_id>/start", imports.StartImport.as_view()),
    path("imports/<str:public_id>/problems", imports.ImportProblems.as_view()),
    path("lists", lists.Lists.as_view()),
    path("lists/<str:public_id>", lists.OneList.as_view()),
    path("lists/<str:public_id>/restore", lists.RestoreList.as_view()),
    path("lists/<str:public_id>/contacts", lists.ListContacts.as_view()),
    path("lists/<str:public_id>/contacts/remove", lists.RemoveFromList.as_view()),
    path("segments", segments.Segments.as_view()),
    path("segments/estimate", segments.EstimateSegment.as_view()),
    path("segments/<str:public_id>", segments.OneSegment.as_view()),
    path("segments/<str:public_id>/restore", segments.RestoreSegment.as_view()),
]
