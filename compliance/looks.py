"""The colour of a brand on its public pages, readable on light and dark.

Contrast is that of WCAG 2.2: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
"""

READABLE = 4.5  # of text on its ground, level AA
LIGHT, DARK = "#ffffff", "#1e232b"  # --card in public.css
_STEPS = 50
_CSS = """\
:root {{ --brand: {brand}; --accent: {on_light}; }}
@media (prefers-color-scheme: dark) {{ :root {{ --accent: {on_dark}; }} }}
"""


def stylesheet(colour: str) -> str:
    """The variables of public.css for a colour (#rrggbb)."""
    return _CSS.format(brand=colour, on_light=readable(colour, LIGHT), on_dark=readable(colour, DARK))


def readable(colour: str, ground: str) -> str:
    """The colour, moved as little towards black or white as it takes to be read on a ground. All are #rrggbb."""
    away = "#000000" if _luminance(ground) > 0.5 else "#ffffff"
    shades = (_mixed(colour, away, step / _STEPS) for step in range(_STEPS + 1))
    return next(shade for shade in shades if contrast(shade, ground) >= READABLE)


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black on white)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part / 255) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _mixed(one: str, other: str, share: float) -> str:
    parts = zip(_parts(one), _parts(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in parts)


def _parts(colour: str) -> bytes:
    return bytes.fromhex(colour.removeprefix("#"))
