"""Settings: brands, people, keys."""

from django.urls import path

from compliance.views.brands import ArchiveBrand, ArchiveSender, Brands, ChangeBrand, ChangeSender, NewBrand, NewSender
from compliance.views.keys import Keys, NewKey
from compliance.views.people import ChangePerson, NewPassword, NewPerson, People

app_name = "settings"
urlpatterns = [
    path("brands", Brands.as_view(), name="brands"),
    path("brands/new", NewBrand.as_view(), name="brand-new"),
    path("brands/<str:public_id>", ChangeBrand.as_view(), name="brand"),
    path("brands/<str:public_id>/archive", ArchiveBrand.as_view(), name="brand-archive"),
    path("brands/<str:public_id>/senders/new", NewSender.as_view(), name="sender-new"),
    path("brands/senders/<str:public_id>", ChangeSender.as_view(), name="sender"),
    path("brands/senders/<str:public_id>/archive", ArchiveSender.as_view(), name="sender-archive"),
    path("people", People.as_view(), name="people"),
    path("people/new", NewPerson.as_view(), name="person-new"),
    path("people/<str:public_id>", ChangePerson.as_view(), name="person"),
    path("people/<str:public_id>/password", NewPassword.as_view(), name="person-password"),
    path("keys", Keys.as_view(), name="keys"),
    path("keys/new", NewKey.as_view(), name="key-new"),
]
