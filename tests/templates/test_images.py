"""What is uploaded is decoded, stripped and written anew; what is no image, or too much of one, is refused."""

import io
import zlib
from typing import Any

import pytest
from PIL import Image

from templates.errors import BadImage
from templates.images import MAX_PIXELS, Picture, prepare


def encoded(kind: str, size: tuple[int, int] = (1400, 700), mode: str = "RGB", **options: Any) -> io.BytesIO:
    out = io.BytesIO()
    Image.effect_noise(size, 20).convert(mode).save(out, kind, **options)
    out.seek(0)
    return out


def opened(picture: Picture, index: int = -1) -> Image.Image:
    image = Image.open(io.BytesIO(picture.renditions[index].data))
    image.load()
    return image


@pytest.mark.parametrize(
    ("kind", "mode", "made"),
    [("PNG", "RGB", "png"), ("JPEG", "RGB", "jpg"), ("JPEG", "CMYK", "jpg"), ("JPEG", "L", "jpg"),
     ("WEBP", "RGB", "jpg"), ("GIF", "L", "png"), ("PNG", "P", "png"), ("PNG", "LA", "png")],
)  # fmt: skip
def test_each_kind_is_kept_in_the_widths_that_mails_need(kind: str, mode: str, made: str) -> None:
    picture = prepare(encoded(kind, mode=mode))
    assert picture.format == made
    assert [one.width for one in picture.renditions] == [320, 600, 1200, 1400]
    assert [one.height for one in picture.renditions] == [160, 300, 600, 700]
    assert opened(picture, 0).size == (320, 160)


def test_what_is_clear_stays_clear() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (40, 40), (255, 0, 0, 100)).save(out, "WEBP", lossless=True)
    out.seek(0)
    picture = prepare(out)
    assert picture.format == "png"
    assert opened(picture).getpixel((5, 5)) == (255, 0, 0, 100)
    assert [one.width for one in picture.renditions] == [40]


def test_a_camera_is_not_told_of_and_the_picture_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "Spycam"
    exif.get_ifd(0x8825)[1] = "N"
    file = encoded("JPEG", (400, 200), exif=exif)
    assert b"Spycam" in file.getvalue()
    picture = prepare(file)
    image = opened(picture)
    assert image.size == (200, 400)
    assert not image.getexif()
    assert b"Spycam" not in picture.full.data


def test_what_hangs_on_behind_an_image_is_left_off() -> None:
    file = encoded("PNG", (50, 50))
    polyglot = io.BytesIO(file.getvalue() + b"<script>alert(1)</script>")
    assert b"script" not in prepare(polyglot).full.data


def test_an_animation_still_moves() -> None:
    frames = [Image.new("RGB", (640, 10), shade) for shade in ("red", "green", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=[100, 200, 300], loop=0)
    out.seek(0)
    picture = prepare(out)
    assert (picture.format, [one.width for one in picture.renditions]) == ("gif", [320, 640])
    assert getattr(opened(picture), "n_frames", 1) == 3


def test_the_same_picture_has_the_same_name_whatever_it_carries() -> None:
    one, other = encoded("PNG", (60, 60)), io.BytesIO()
    image = Image.open(io.BytesIO(one.getvalue()))
    image.save(other, "PNG", dpi=(300, 300))
    other.seek(0)
    assert prepare(one).digest == prepare(other).digest


def png_of(width: int, height: int) -> bytes:
    """A PNG that says how large it is and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "PNG, JPEG, GIF or WebP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "PNG, JPEG, GIF or WebP"),
        (b"<html><script>alert(1)</script>", "PNG, JPEG, GIF or WebP"),
        (b"%PDF-1.7", "PNG, JPEG, GIF or WebP"),
        (b"BM" + b"\0" * 60, "PNG, JPEG, GIF or WebP"),
        (b"\x89PNG\r\n\x1a\n" + b"nonsense" * 10, "damaged"),
        (encoded("PNG", (90, 90)).getvalue()[:400], "damaged"),
        (encoded("JPEG", (90, 90)).getvalue()[:700], "damaged"),
        (png_of(100, 100), "damaged"),
        (png_of(5000, MAX_PIXELS // 5000 + 1), "pixels"),
        (png_of(60_000, 60_000), "pixels"),
    ],
)
def test_what_is_no_image_or_too_much_of_one_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadImage, match=why):
        prepare(io.BytesIO(data))
