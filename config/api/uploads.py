"""Files as the whole body of a request: read in pieces, kept on disk, never held in memory."""

import hashlib
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any, BinaryIO, ClassVar

from django.conf import settings
from rest_framework.parsers import BaseParser

from config.api.endpoints import Endpoint
from config.api.parsers import TooLarge

_PIECE = 1024 * 1024


@dataclass(frozen=True)
class Upload:
    """A file at its beginning; it is gone when it is closed."""

    file: BinaryIO
    digest: str


class TakesUpload(Endpoint):
    """An endpoint whose body is a file, which is closed whatever becomes of the request."""

    upload: Upload | None = None

    def finalize_response(self, *args: Any, **options: Any) -> Any:
        if self.upload:
            self.upload.file.close()
        return super().finalize_response(*args, **options)


class _File(BaseParser):
    """A file as the body, at most as many bytes as `limit`, the name of a setting, says."""

    limit: ClassVar[str]

    def parse(self, stream: Any, media_type: Any, parser_context: Any) -> Upload:
        file, digest, size = TemporaryFile(), hashlib.sha256(), 0  # noqa: SIM115 - whoever takes it closes it
        while piece := stream.read(_PIECE):
            size += len(piece)
            if size > (most := getattr(settings, self.limit)):
                file.close()
                raise TooLarge(f"A file has at most {most:,} bytes.")
            digest.update(piece)
            file.write(piece)
        file.seek(0)
        upload = Upload(file, digest.hexdigest())
        parser_context["view"].upload = upload
        return upload


class CsvFile(_File):
    """`Content-Type: text/csv`, at most IMPORT_MAX_BYTES."""

    media_type = "text/csv"
    limit = "IMPORT_MAX_BYTES"


class JsonLinesFile(CsvFile):
    """`Content-Type: application/x-ndjson`: an object a line."""

    media_type = "application/x-ndjson"


class ImageFile(_File):
    """`Content-Type: image/…`, at most ASSET_MAX_BYTES; what it is shows when it is decoded."""

    media_type = "image/*"
    limit = "ASSET_MAX_BYTES"
