"""Mails in frames (templates/framing.py): what is being written, starters, and versions."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.html import format_html

from config.lib.errors import DomainError
from config.pages.views import Page, find
from templates import framing, previewing, selectors
from templates.models import MessageTemplate


class _Frame(Page):
    needs = {"GET": "templates:read"}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return super().dispatch(request, *args, **kwargs)
        return self.framed("<p>Sign in again to see it.</p>")

    def refuse(self, error: DomainError) -> HttpResponse:
        """In the frame as well: a page of ours must not be framed."""
        return self.framed(format_html("<p>{}</p>", error.detail))

    def framed(self, html: str) -> HttpResponse:
        asked = self.request.GET
        return framing.framed(
            self.request, html or "<p>This message has no HTML.</p>",
            dark=asked.get("dark") == "1", images=asked.get("images") != "0",
        )  # fmt: skip


class Lent(_Frame):
    """What the editor has just rendered for this person."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        html = framing.lent(request.user.pk or 0, token)
        if html is None:
            raise Http404
        return self.framed(html)


class StarterMail(_Frame):
    """A starter, for a made-up person."""

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        if not (html := previewing.starter_html(key)):
            raise Http404
        return self.framed(html)


class VersionMail(_Frame):
    """A saved version, for a made-up person."""

    def get(self, request: HttpRequest, public_id: str, number: int) -> HttpResponse:
        template = find(MessageTemplate.objects.all(), "template", public_id)
        version = selectors.version(template, number)
        return self.framed(previewing.preview(version, sample=True, language=request.GET.get("language", "")[:10]).html)
