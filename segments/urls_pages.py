"""Audience: contacts, lists, imports."""

from django.urls import path

from segments.views import attributes, catalogue, contact, contacts, imports, jobs, lists, merging, quarantine

app_name = "audience"
_CONTACT, _LIST, _IMPORT, _JOB = (f"{noun}/<str:public_id>" for noun in ("contacts", "lists", "imports", "jobs"))
urlpatterns = [
    path("contacts", contacts.Contacts.as_view(), name="contacts"),
    path("contacts/search", contacts.Search.as_view(), name="search"),
    path("contacts/new", contact.NewContact.as_view(), name="contact-new"),
    path(_CONTACT, contact.OneContact.as_view(), name="contact"),
    path(f"{_CONTACT}/edit", contact.EditContact.as_view(), name="contact-edit"),
    path(f"{_CONTACT}/lists", contact.ContactLists.as_view(), name="contact-lists"),
    path(f"{_CONTACT}/tracking", contact.ContactTracking.as_view(), name="contact-tracking"),
    path(f"{_CONTACT}/merge", merging.MergeContact.as_view(), name="contact-merge"),
    path(f"{_CONTACT}/do", contact.ContactDeed.as_view(), name="contact-deed"),
    path("events", catalogue.EventTypes.as_view(), name="event-types"),
    path("events/new", catalogue.NewEventType.as_view(), name="event-type-new"),
    path("events/types/<str:name>", catalogue.OneEventType.as_view(), name="event-type"),
    path("events/types/<str:name>/new-version", catalogue.NewVersion.as_view(), name="event-type-version"),
    path("events/quarantine", quarantine.Quarantine.as_view(), name="quarantine"),
    path("events/quarantine/group", quarantine.OneGroup.as_view(), name="quarantine-group"),
    path("attributes", attributes.Attributes.as_view(), name="attributes"),
    path("attributes/new", attributes.NewAttribute.as_view(), name="attribute-new"),
    path("attributes/<str:name>/index", attributes.AttributeIndex.as_view(), name="attribute-index"),
    path("attributes/<str:name>", attributes.OneAttribute.as_view(), name="attribute"),
    path("jobs", jobs.Jobs.as_view(), name="jobs"),
    path(_JOB, jobs.OneJob.as_view(), name="job"),
    path(f"{_JOB}/cancel", jobs.Cancel.as_view(), name="job-cancel"),
    path(f"{_JOB}/resume", jobs.Resume.as_view(), name="job-resume"),
    path(f"{_JOB}/undo", jobs.Undo.as_view(), name="job-undo"),
    path("lists", lists.Lists.as_view(), name="lists"),
    path("lists/new", lists.NewList.as_view(), name="list-new"),
    path(_LIST, lists.OneList.as_view(), name="list"),
    path(f"{_LIST}/edit", lists.EditList.as_view(), name="list-edit"),
    path(f"{_LIST}/archive", lists.ArchiveList.as_view(), name="list-archive"),
    path("imports", imports.Imports.as_view(), name="imports"),
    path("imports/new", imports.NewImport.as_view(), name="import-new"),
    path(_IMPORT, imports.OneImport.as_view(), name="import"),
    path(f"{_IMPORT}/columns", imports.Columns.as_view(), name="import-columns"),
    path(f"{_IMPORT}/start", imports.StartImport.as_view(), name="import-start"),
    path(f"{_IMPORT}/errors", imports.ImportErrors.as_view(), name="import-errors"),
]
