"""What stands in the rail."""

from typing import Any

import pytest

from config.pages.rail import pages_for, rail_for
from tests.factories.api import person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("production", [True, False])
def test_the_local_mailbox_is_offered_where_it_answers(settings: Any, production: bool) -> None:
    settings.PRODUCTION = production
    admin = person("admin")
    below = {item.key for section in rail_for(admin, "/") for item in section.items}
    assert ("mailbox:list" in below) is not production
    assert any("Mailbox" in words for words, _url in pages_for(admin)) is not production
