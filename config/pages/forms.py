"""Forms as all pages show them: label, field, help, and what is wrong beside it with the remedy."""

from typing import Any, TypeVar

from django import forms
from django.db.models import Model
from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest, HttpResponse

from config.lib.errors import DomainError, FieldError, Invalid, NotFound
from config.pages.views import Page

M = TypeVar("M", bound=Model)
_CLASSES: tuple[tuple[type[forms.Widget] | tuple[type[forms.Widget], ...], str], ...] = (
    ((forms.CheckboxSelectMultiple, forms.RadioSelect, forms.CheckboxInput), "form-check-input"),
    (forms.Select, "form-select"),
    (forms.Widget, "form-control"),
)


class Renderer(TemplatesSetting):
    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"


class Dressed(forms.BaseForm):
    """Mixed into a form: it is drawn by our templates, its widgets have the classes of the design."""

    default_renderer = Renderer()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            dress(field)


def dress(field: forms.Field) -> None:
    """The class of our design on its widget; for fields that are added to a form later."""
    widget = field.widget
    look = next(name for kinds, name in _CLASSES if isinstance(widget, kinds))
    widget.attrs["class"] = f"{widget.attrs.get('class', '')} {look}".strip()


class PageForm(Dressed, forms.Form):
    """A form of a page."""


class PageModelForm(Dressed, forms.ModelForm[M]):
    """A form of a page over a row."""


def tell(form: forms.BaseForm, error: DomainError) -> None:
    """Put what a service refused beside the fields it is about; what is about none of them goes to the top."""
    found = error.errors if isinstance(error, Invalid) else (FieldError(error.pointer or "", error.detail),)
    for one in found:
        name = one.pointer.strip("/").split("/")[0]
        form.add_error(name if name in form.fields else None, one.detail)


class FormPage(Page):
    """A page with one form. `save` calls a service and answers; what that refuses is told beside the fields."""

    template_name = "pages/form.html"
    form_class: type[forms.BaseForm]
    submit: Any = ""  # words on the button; blank: Save

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.show(self.form(**self.form_kwargs()))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.form(data=request.POST, files=request.FILES, **self.form_kwargs())
        if form.is_valid():
            try:
                return self.save(form)
            except NotFound:
                raise
            except DomainError as error:
                tell(form, error)
        return self.show(form, status=422)

    def form(self, **kwargs: Any) -> Any:
        return self.form_class(**kwargs)

    def form_kwargs(self) -> dict[str, Any]:
        return {}

    def save(self, form: Any) -> HttpResponse:
        raise NotImplementedError

    def show(self, form: Any, status: int = 200) -> HttpResponse:
        return self.render(form=form, status=status)
