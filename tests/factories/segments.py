"""People, lists and imports for tests."""

import csv
import io
from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

from django.utils import timezone

from config.lib.addresses import address_key
from segments.models import Contact, ContactList, Import
from segments.services.imports import carry_on, prepare, receive, start

_numbers = count(1)


def contact(**fields: Any) -> Contact:
    """A person with an address of their own unless `email` is given (None: without one)."""
    email = fields.pop("email", f"person{next(_numbers)}@example.test")
    if email is not None:
        fields.setdefault("email_key", address_key(email))
        fields.setdefault("email_as_given", email)
    else:
        fields.setdefault("external_id", f"x-{next(_numbers)}")
    return Contact.objects.create(email=email, **fields)


def contact_list(name: str = "", people: Iterable[Contact] = ()) -> ContactList:
    made = ContactList.objects.create(name=name or f"List {next(_numbers)}")
    for person in people:
        made.memberships.create(contact=person)
    return made


def csv_bytes(header: Sequence[str], *rows: Sequence[Any], encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([header, *rows])
    return text.getvalue().encode(encoding)


def received(data: bytes, name: str = "people.csv", **options: Any) -> Import:
    return receive(file=io.BytesIO(data), name=name, **options)


def checked(data: bytes, name: str = "people.csv", **options: Any) -> Import:
    """An import up to its dry run."""
    return carry_on(prepare(received(data, name), **options).pk, at=timezone.now())


def imported(data: bytes, **options: Any) -> Import:
    """An import from upload to its end."""
    return carry_on(start(checked(data, **options)).pk, at=timezone.now())
