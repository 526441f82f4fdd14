"""What an author types is kept, and two windows never overwrite each other."""

import pytest
from django.contrib.auth.models import User

from config.lib.errors import Invalid
from templates import selectors, services
from templates.errors import DraftConflict, VersionConflict
from templates.services.drafts import MAX_WORK
from tests.factories.templates import draft, html, make_template

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> User:
    return User.objects.create(username="ana")


def test_a_draft_grows_by_revisions_and_a_window_behind_is_told(ana: User) -> None:
    template = make_template()
    first = services.keep_draft(template, by=ana, work={"note": "a"}, base=1, revision=0)
    second = services.keep_draft(template, by=ana, work={"note": "b"}, base=1, revision=first.revision)
    for stale in (0, first.revision, 99):
        with pytest.raises(DraftConflict):
            services.keep_draft(template, by=ana, work={"note": "lost"}, base=1, revision=stale)
    kept = selectors.draft_by(template, ana.pk)
    assert kept
    assert (kept.work, kept.revision) == ({"note": "b"}, second.revision)


def test_everybody_has_a_draft_of_their_own(ana: User) -> None:
    template, ben = make_template(), User.objects.create(username="ben")
    services.keep_draft(template, by=ana, work={"note": "a"}, base=1, revision=0)
    services.keep_draft(template, by=ben, work={"note": "b"}, base=1, revision=0)
    services.discard_draft(template, by=ana)
    assert selectors.draft_by(template, ana.pk) is None
    assert selectors.draft_by(template, ben.pk)
    with pytest.raises(DraftConflict):  # it was saved or thrown away in another window
        services.keep_draft(template, by=ana, work={"note": "c"}, base=1, revision=1)


def test_more_than_a_template_can_have_is_refused(ana: User) -> None:
    with pytest.raises(Invalid, match="too long"):
        services.keep_draft(make_template(), by=ana, work={"body": "x" * MAX_WORK}, base=1, revision=0)


def test_a_save_on_top_of_somebody_elses_is_told_and_saves_nothing() -> None:
    template = make_template()
    services.save_version(template, contents=[html("<p>theirs</p>")], by=None, base=1)
    with pytest.raises(VersionConflict, match=r"Version 2 was saved meanwhile; you began from version 1\."):
        services.save_version(template, contents=[draft(subject="Mine")], by=None, base=1)
    assert template.versions.count() == 2
    assert services.save_version(template, contents=[draft(subject="Mine")], by=None, base=2).number == 3
