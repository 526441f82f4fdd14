"""The form over a segment's rule, which travels as JSON in one field: what was typed survives whatever happens."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.pages.forms import PageForm
from segments.trees import MAX_DEPTH

MAX_RULE = 1_000_000  # characters of JSON


class SegmentForm(PageForm):
    """Its name and its rule. `base`: the state of the segment that was edited."""

    name = forms.CharField(max_length=255, label=gettext_lazy("Name"))
    description = forms.CharField(max_length=500, required=False, label=gettext_lazy("Description"))
    criteria = forms.CharField(
        label=gettext_lazy("Rule as JSON"),
        widget=forms.Textarea(attrs={"rows": 16, "spellcheck": "false", "data-rule-json": "", "class": "rule-json"}),
    )
    note = forms.CharField(
        max_length=255, required=False, label=gettext_lazy("What has changed"),
        help_text=gettext_lazy("Stands beside this version in the history."),
    )  # fmt: skip
    # no hidden input: what is kept over an ended session leaves those out, and this belongs to what was typed
    base = forms.CharField(required=False, widget=forms.TextInput(attrs={"hidden": True}))

    def clean_criteria(self) -> Any:
        return read_rule(self.cleaned_data["criteria"])


def read_rule(text: str) -> Any:
    """JSON of a rule. Raises ValidationError in words."""
    if len(text) > MAX_RULE:
        raise forms.ValidationError(_("This rule is too long: keep the people on a list, and name the list."))
    try:
        return json.loads(text)
    except RecursionError:
        raise forms.ValidationError(_("Groups may be nested %(n)d deep, this is deeper.") % {"n": MAX_DEPTH}) from None
    except ValueError as error:
        raise forms.ValidationError(_("This is not JSON: %(why)s.") % {"why": error}) from None
