"""Uploaded images, made safe and small for mails: decoded, turned upright, stripped of all but the picture, resized.

What is stored is always written by us from pixels, never what was uploaded: no EXIF (places, cameras), no trailing
archive, no script. WebP becomes PNG or JPEG, since Outlook shows none.
"""

import hashlib
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from templates.errors import BadImage

MAX_PIXELS = 24_000_000  # 6000 × 4000: some 100 MB decoded
MAX_FRAMES = 300
FULL_WIDTH = 2000  # a mail is 600 wide, a dense screen shows it at 1200
WIDTHS = (320, 600, 1200)
_TAKEN = ("PNG", "JPEG", "GIF", "WEBP")


@dataclass(frozen=True)
class Rendition:
    """One width of a picture, encoded."""

    width: int
    height: int
    data: bytes


@dataclass(frozen=True)
class Picture:
    """An image ready to be stored. `format` is png, jpg or gif; the last rendition is the full one."""

    digest: str
    format: str
    renditions: tuple[Rendition, ...]

    @property
    def full(self) -> Rendition:
        return self.renditions[-1]


def prepare(file: BinaryIO) -> Picture:
    """The picture in an uploaded file, in each width that makes sense. Raises BadImage, saying what to do."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=_TAKEN) as image:
                _check_size(image)
                return (
                    _moving(image) if getattr(image, "is_animated", False) and image.format != "MPO" else _still(image)
                )
    except BadImage:
        raise
    except UnidentifiedImageError:
        raise BadImage from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large() from None
    except Exception as error:  # a decoder fed nonsense may raise anything
        raise BadImage("This image is damaged: save it again from the program it was made with.") from error


def _check_size(image: Image.Image) -> None:
    frames = getattr(image, "n_frames", 1)
    if image.width * image.height > MAX_PIXELS:
        raise _too_large()
    if frames > MAX_FRAMES or image.width * image.height * frames > 4 * MAX_PIXELS:
        raise BadImage(f"This animation is too long: {MAX_FRAMES} pictures at most, and fewer of large ones.")


def _too_large() -> BadImage:
    return BadImage(f"This image has too many pixels: {MAX_PIXELS // 1_000_000} million at most. Make it smaller.")


def _still(image: Image.Image) -> Picture:
    image.draft("RGB", (FULL_WIDTH, FULL_WIDTH))  # lets a JPEG be decoded at a fraction of its size
    upright = ImageOps.exif_transpose(image)
    profile = image.info.get("icc_profile")
    clear = upright.mode in {"RGBA", "LA", "PA"} or "transparency" in upright.info
    pixels = upright.convert("RGBA" if clear else "RGB")
    if clear and pixels.getchannel("A").getextrema() == (255, 255):
        pixels, clear = pixels.convert("RGB"), False
    drawn = clear or image.format in {"PNG", "GIF"}
    kind = "png" if drawn else "jpg"
    return _picture(kind, [_encoded(size, kind, profile) for size in _sizes(pixels)])


def _sizes(image: Image.Image) -> Iterator[Image.Image]:
    full = min(image.width, FULL_WIDTH)
    for width in (*(width for width in WIDTHS if width < full), full):
        height = max(1, round(image.height * width / image.width))
        yield image if width == image.width else image.resize((width, height), Image.Resampling.LANCZOS)


def _encoded(image: Image.Image, kind: str, profile: Any) -> Rendition:
    options: dict[str, Any] = {"optimize": True, "icc_profile": profile}
    if kind == "jpg":
        options |= {"quality": 85, "progressive": True}
    out = io.BytesIO()
    image.info = {}
    image.save(out, "JPEG" if kind == "jpg" else "PNG", **options)
    return Rendition(image.width, image.height, out.getvalue())


def _moving(image: Image.Image) -> Picture:
    """An animation keeps its size; a small still stands for it in lists."""
    frames, times = [], []
    for frame in ImageSequence.Iterator(image):
        frames.append(frame.convert("RGBA"))
        times.append(max(20, int(frame.info.get("duration", 100) or 100)))
    out = io.BytesIO()
    first = frames[0]
    first.save(
        out, "GIF", save_all=True, append_images=frames[1:], duration=times, loop=int(image.info.get("loop", 0)),
        disposal=2, optimize=True,
    )  # fmt: skip
    whole = Rendition(first.width, first.height, out.getvalue())
    return _picture("gif", [*_thumbnail(first), whole])


def _thumbnail(frame: Image.Image) -> list[Rendition]:
    width = WIDTHS[0]
    if frame.width <= width:
        return []
    small = frame.resize((width, max(1, round(frame.height * width / frame.width))), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "GIF", optimize=True)
    return [Rendition(small.width, small.height, out.getvalue())]


def _picture(kind: str, renditions: list[Rendition]) -> Picture:
    digest = hashlib.sha256(renditions[-1].data).hexdigest()[:32]
    return Picture(digest, kind, tuple(renditions))
