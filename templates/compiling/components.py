"""MJML 4: which components there are, what they take, and where they go. https://documentation.mjml.io/"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Component:
    """Where it may stand, what it takes (`*`: anything), and what it holds.

    It holds `none`, `text`, `html`, other `components`, or other components with `liquid` tags between them.
    """

    parents: frozenset[str]
    attributes: frozenset[str]
    holds: str


def _component(parents: str, attributes: str, holds: str = "none") -> Component:
    shared = () if holds == "text" or attributes == _NONE else ("css-class", "mj-class")
    return Component(frozenset(parents.split()), frozenset((*attributes.split(), *shared)), holds)


_NONE = ""  # mrml refuses any attribute on these

_PADDING = "padding padding-top padding-right padding-bottom padding-left"
_INNER = f"{_PADDING} container-background-color "
_BORDER = "border border-top border-right border-bottom border-left border-radius "
_FONT = "color font-family font-size font-style font-weight letter-spacing line-height text-decoration text-transform "
_BACKGROUND = (
    "background-color background-position background-position-x background-position-y background-repeat "
    "background-size background-url "
)
_SECTION = f"{_PADDING} {_BORDER} {_BACKGROUND} direction full-width text-align text-padding gap"
_COLUMN = "mj-column mj-hero"
_SOCIAL = f"{_FONT} {_BORDER} {_INNER} align icon-size icon-height icon-padding inner-padding text-padding mode"

COMPONENTS = {
    "mjml": _component("", "owa lang dir", "components"),
    "mj-head": _component("mjml", _NONE, "components"),
    "mj-body": _component("mjml", "background-color width", "liquid"),
    "mj-attributes": _component("mj-head", _NONE, "components"),
    "mj-all": _component("mj-attributes", "*"),
    "mj-class": _component("mj-attributes", "name *"),
    "mj-breakpoint": _component("mj-head", "width"),
    "mj-font": _component("mj-head", "name href"),
    "mj-preview": _component("mj-head", _NONE, "text"),
    "mj-style": _component("mj-head", "inline", "text"),
    "mj-title": _component("mj-head", _NONE, "text"),
    "mj-raw": _component("mj-head mj-body mj-wrapper mj-section mj-group mj-column mj-hero", _NONE, "html"),
    "mj-wrapper": _component("mj-body", _SECTION, "liquid"),
    "mj-section": _component("mj-body mj-wrapper", _SECTION, "liquid"),
    "mj-group": _component("mj-section", "background-color direction vertical-align width", "liquid"),
    "mj-column": _component(
        "mj-section mj-group",
        f"{_PADDING} {_BORDER} background-color direction inner-background-color inner-border inner-border-bottom "
        "inner-border-left inner-border-radius inner-border-right inner-border-top vertical-align width",
        "liquid",
    ),
    "mj-hero": _component(
        "mj-body mj-wrapper",
        f"{_INNER} {_BACKGROUND} align background-height background-width border-radius height "
        "inner-background-color inner-padding inner-padding-top inner-padding-right inner-padding-bottom "
        "inner-padding-left mode vertical-align width",
        "liquid",
    ),
    "mj-text": _component(_COLUMN, f"{_FONT} {_INNER} align background-color height", "html"),
    "mj-button": _component(
        _COLUMN,
        f"{_FONT} {_INNER} {_BORDER} align background-color height href inner-padding name rel target text-align "
        "title vertical-align width",
        "html",
    ),
    "mj-image": _component(
        _COLUMN,
        f"{_INNER} {_BORDER} align alt fluid-on-mobile full-width height href max-height name rel sizes src srcset "
        "target title usemap width font-size",
    ),
    "mj-divider": _component(_COLUMN, f"{_INNER} align border-color border-style border-width width"),
    "mj-spacer": _component(_COLUMN, f"{_INNER} {_BORDER} height vertical-align width"),
    "mj-table": _component(
        _COLUMN, f"{_FONT} {_INNER} align border cellpadding cellspacing role table-layout vertical-align width", "html"
    ),
    "mj-social": _component(_COLUMN, f"{_SOCIAL} table-layout vertical-align", "components"),
    "mj-social-element": _component(
        "mj-social",
        f"{_SOCIAL} alt background-color href icon-position name rel sizes src srcset target title vertical-align",
        "html",
    ),
    "mj-navbar": _component(
        _COLUMN,
        f"{_INNER} align base-url hamburger ico-align ico-close ico-color ico-font-family ico-font-size "
        "ico-line-height ico-open ico-padding ico-padding-bottom ico-padding-left ico-padding-right ico-padding-top "
        "ico-text-decoration ico-text-transform",
        "components",
    ),
    "mj-navbar-link": _component("mj-navbar", f"{_FONT} {_PADDING} href name rel target", "html"),
    "mj-accordion": _component(
        _COLUMN,
        f"{_INNER} border font-family icon-align icon-height icon-position icon-unwrapped-alt icon-unwrapped-url "
        "icon-width icon-wrapped-alt icon-wrapped-url",
        "components",
    ),
    "mj-accordion-element": _component(
        "mj-accordion",
        "background-color border font-family icon-align icon-height icon-position icon-unwrapped-alt "
        "icon-unwrapped-url icon-width icon-wrapped-alt icon-wrapped-url",
        "components",
    ),
    "mj-accordion-title": _component("mj-accordion-element", f"{_FONT} {_PADDING} background-color", "html"),
    "mj-accordion-text": _component("mj-accordion-element", f"{_FONT} {_PADDING} background-color", "html"),
    "mj-carousel": _component(
        _COLUMN,
        f"{_INNER} align background-color border-radius icon-width left-icon right-icon tb-border tb-border-radius "
        "tb-hover-border-color tb-selected-border-color tb-width thumbnails",
        "components",
    ),
    "mj-carousel-image": _component(
        "mj-carousel", "alt border-radius href rel src tb-border tb-border-radius target thumbnails-src title"
    ),
}
