"""The local mailbox as a mail program: for testers with a role, and never in production."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.lib import public_ids
from config.pages.views import Action, Page
from delivery.mailbox import reading
from delivery.mailbox.store import Mailbox
from delivery.selectors.orders import labels
from delivery.services.reading_along import take_step
from delivery.views_tracking import client_of

READ, WRITE = "messages:read", "messages:test"
_VIEWS = (("html", gettext_lazy("HTML")), ("text", gettext_lazy("Text")), ("headers", gettext_lazy("Headers")),
          ("source", gettext_lazy("Source")))  # fmt: skip
_WIDTHS = (("desktop", gettext_lazy("Desktop")), ("phone", gettext_lazy("Phone")))
# Nothing runs, nothing is sent anywhere, and the page around it is out of reach (STANDARDS B8.10); a link opens a tab.
_FRAME_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src 'self' https: data:; font-src https: data:; frame-ancestors 'self'"
)


class MailboxPage(Page):
    """Somebody else's mail is on these pages: those with a role alone may look, and production has no such page."""

    needs = {"GET": READ}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if settings.PRODUCTION:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    @property
    def box(self) -> Mailbox:
        return Mailbox(settings.MAILBOX_DIR)

    def raw(self, key: str) -> bytes:
        """Raises Http404."""
        raw = self.box.raw(key)
        if raw is None:
            raise Http404(_("There is no such mail."))
        return raw


class Inbox(MailboxPage):
    """The list, the newest first, and the mail that is open."""

    template_name = "delivery/mailbox.html"
    title = gettext_lazy("Mailbox")

    def get(self, request: HttpRequest, key: str = "") -> HttpResponse:
        self.sentence = _("Mail that stays on this machine: what is sent to %(site)s ends here.") % {"site": _site()}
        mail = self._mail(key) if key else {}
        asked, campaigns = self._asked(), labels()
        number = request.GET.get("page", "1")
        page = self.box.page(int(number) if number.isdecimal() and len(number) < 7 else 1, words=asked.get("q", ""),
                             campaign=asked.get("campaign", ""), unread="unread" in asked, size=30)  # fmt: skip
        if page.total or asked:
            self.menu = (Action(_("Delete all mail"), "", WRITE, "trash", dialog="delete-all"),)
        named = [(public_ids.encode("campaign", pk), name) for pk, name in campaigns]
        unread = self.box.unread()
        return self.render(
            mails=[(one, one.key in unread) for one in page.mails], list=page, asked=asked, kept=urlencode(asked),
            campaigns=named, unread=len(unread), total=self.box.count(), **mail,
        )  # fmt: skip

    def _asked(self) -> dict[str, str]:
        given = {name: self.request.GET.get(name, "").replace("\x00", "")[:200] for name in ("q", "campaign", "unread")}
        return {name: value for name, value in given.items() if value.strip()}

    def _mail(self, key: str) -> dict[str, Any]:
        content = reading.read(self.raw(key))
        self.box.mark_read(key)
        views = [(name, label) for name, label in _VIEWS if name != "html" or content.html]
        view, width = self.request.GET.get("view", ""), self.request.GET.get("width", "")
        return {
            "mail": self.box.summary(key), "content": content, "views": views, "widths": _WIDTHS,
            "view": view if view in dict(views) else views[0][0],
            "width": width if width in dict(_WIDTHS) else "desktop",
        }  # fmt: skip


class Frame(MailboxPage):
    """The HTML part, as it came, in a box that it cannot leave."""

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        headers = {
            "Content-Security-Policy": _FRAME_POLICY, "Referrer-Policy": "no-referrer", "X-Frame-Options": "SAMEORIGIN",
        }  # fmt: skip
        return HttpResponse('<base target="_blank">' + reading.html_of(self.raw(key)), headers=headers)


class Download(MailboxPage):
    """The mail as a file that a mail program opens."""

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        headers = {"Content-Disposition": f'attachment; filename="{key}.eml"'}
        return HttpResponse(self.raw(key), content_type="message/rfc822", headers=headers)


class Attachment(MailboxPage):
    """A file that came along: to be saved, never shown here."""

    def get(self, request: HttpRequest, key: str, number: int) -> HttpResponse:
        files = reading.read(self.raw(key)).attachments
        if not 1 <= number <= len(files):
            raise Http404
        response = HttpResponse(files[number - 1].data, content_type="application/octet-stream")
        response.headers["Content-Disposition"] = f'attachment; filename="attachment-{number}"'
        return response


class ReadAlong(MailboxPage):
    """Do what a reader would, one thing a request: open it, then click every link."""

    needs = {"POST": WRITE}

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        step = request.POST.get("step", "0")
        taken = take_step(
            self.raw(key), int(step) if step.isdecimal() and len(step) < 5 else 0, client=client_of(request)
        )
        if not self.htmx:  # without script: the button again does the next
            return self.done(_("Opened."), reverse("mailbox:mail", args=[key]))
        return self.render("delivery/mailbox_reading.html", reading=taken, key=key)


class Clear(MailboxPage):
    """All of it goes."""

    needs = {"POST": WRITE}

    def post(self, request: HttpRequest) -> HttpResponse:
        count = self.box.count()
        self.box.clear()
        return self.done(_("%(n)s mails are deleted.") % {"n": f"{count:,}"}, reverse("mailbox:list"))


def _site() -> str:
    return f"{settings.MAILBOX_HOST}:{settings.MAILBOX_PORT}"
