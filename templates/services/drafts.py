"""Writes of drafts: what an author types is kept as they type it, and two windows never overwrite each other."""

import json
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction

from config.lib.errors import FieldError, Invalid
from templates.errors import DraftConflict
from templates.models import MessageTemplate, TemplateDraft

MAX_WORK = 4_000_000  # characters of JSON: all languages of the largest template that can be compiled


def keep_draft(
    template: MessageTemplate, *, by: AbstractBaseUser, work: Mapping[str, Any], base: int, revision: int
) -> TemplateDraft:
    """Keep what an author has typed. `revision` is the one they go on from, 0 when there was no draft.

    Raises DraftConflict when the draft is at another revision: another window has written since, and what it wrote
    stays. Raises Invalid for more than any template may have.
    """
    if len(json.dumps(work)) > MAX_WORK:
        raise Invalid(FieldError("/work", f"This is too long to be kept: {MAX_WORK:,} characters at most.", "too_long"))
    with transaction.atomic():
        mine = TemplateDraft.objects.filter(template=template, author_id=by.pk)
        if revision and mine.filter(revision=revision).update(work=work, base=base, revision=revision + 1):
            return mine.get()
        if revision or mine.exists():
            raise DraftConflict
        return _begin(template, by, work, base)


def discard_draft(template: MessageTemplate, *, by: AbstractBaseUser) -> None:
    """Forget what an author has typed and not saved."""
    TemplateDraft.objects.filter(template=template, author_id=by.pk).delete()


def _begin(template: MessageTemplate, by: AbstractBaseUser, work: Mapping[str, Any], base: int) -> TemplateDraft:
    try:
        with transaction.atomic():
            return TemplateDraft.objects.create(template=template, author_id=by.pk, work=work, base=base)
    except IntegrityError as error:  # another window began at this very moment
        raise DraftConflict from error
