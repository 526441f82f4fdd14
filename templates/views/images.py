"""Images as mails show them: to anybody, for ever, and inert (STANDARDS B8.12)."""

from csp.decorators import csp_replace
from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.decorators import method_decorator
from django.views import View

from templates.services.assets import path_of

_KINDS = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif"}


@method_decorator(csp_replace({"default-src": ["'none'"], "sandbox": True}), name="dispatch")
class Image(View):
    """One stored file. Its name, which the address has checked, is made from what is in it and so never stale."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, name: str) -> HttpResponseBase:
        """The bytes, with a year to keep them."""
        etag = f'"{name}"'
        if request.headers.get("If-None-Match") == etag:
            return _kept(HttpResponse(status=304), etag)
        try:
            file = default_storage.open(path_of(name), "rb")
        except FileNotFoundError:
            return HttpResponse("There is no such image.\n", status=404, content_type="text/plain")
        return _kept(FileResponse(file, content_type=_KINDS[name.rpartition(".")[2]]), etag)


def _kept(response: HttpResponseBase, etag: str) -> HttpResponseBase:
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["ETag"] = etag
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"  # web mail shows it on pages of its own
    return response
