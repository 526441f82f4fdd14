"""An intent whose connection is cut in that very statement: whether it was committed can be known."""

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from delivery import ledger
from delivery.models import Lane, Message
from tests.factories.delivery import make_order, make_people, plan

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.mark.parametrize("cut", ["before", "after"])
def test_an_intent_cut_off_goes_on_whether_or_not_it_was_committed(cut: str) -> None:
    """The connection dies in the statement, before or after its commit; asked again, it is the same attempt."""
    plan(make_order(), make_people(2))
    claimed = ledger.claim(Lane.BULK, "email", limit=2)
    keys = {c.id: c.id for c in claimed}
    if cut == "after":
        ledger.begin(keys, account_id=1)
    with pytest.raises(OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    connection.close()
    attempts = {c.id: c.attempt + 1 for c in claimed}
    assert ledger.begin_again(keys, account_id=1, attempts=attempts) == dict.fromkeys(keys, 1)
    assert set(Message.objects.values_list("state", "attempt")) == {("dispatching", 1)}


def test_an_intent_that_another_worker_took_over_is_not_gone_on_with() -> None:
    """Of two, one was ended meanwhile by an opt-out."""
    plan(make_order(), make_people(2))
    claimed = ledger.claim(Lane.BULK, "email", limit=2)
    first = claimed[0].id
    Message.objects.filter(pk=first).update(state="skipped", settled_at=timezone.now())
    attempts = {c.id: c.attempt + 1 for c in claimed}
    begun = ledger.begin_again({c.id: c.id for c in claimed}, account_id=1, attempts=attempts)
    assert begun == {claimed[1].id: 1}
