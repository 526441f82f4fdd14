"""The starter gallery: messages of our own to begin from, each complete, quiet about itself, and free of images.

A starter is `<key>.mjml` and `<key>.txt` in this folder, and its lines here. What they draw is colour alone, so
nothing is fetched when one is opened, and they look the same with images blocked.
"""

from dataclasses import dataclass
from pathlib import Path

from templates.drafts import ContentDraft

_FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Starter:
    """One of the gallery. `purpose` is the kind of campaign it is meant for."""

    key: str
    name: str
    description: str
    subject: str
    preheader: str
    purpose: str = "marketing"

    def draft(self, language: str = "en") -> ContentDraft:
        """The starter as a content of a template."""
        body, text = ((_FOLDER / f"{self.key}.{kind}").read_text(encoding="utf-8") for kind in ("mjml", "txt"))
        return ContentDraft(language, "mjml", self.subject, body, self.preheader, text)


GALLERY = (
    Starter(
        "newsletter",
        "Newsletter",
        "One story, two short pieces, and a note for some countries.",
        "{{ first_name | default: 'Hello' }}, three promises kept",
        "What changed, why it took us until now, and what it means for you.",
    ),
    Starter(
        "promotion",
        "Promotion",
        "One large offer, one button, three products.",
        "20% off everything until Sunday",
        "No code to type: the price drops when you come through this door.",
    ),
    Starter(
        "welcome",
        "Welcome",
        "The first message after a sign-up, with three steps.",
        "Welcome{% if first_name %}, {{ first_name }}{% endif %}: three things to do first",
        "Together they take five minutes.",
    ),
    Starter(
        "receipt",
        "Receipt",
        "What was ordered and paid. Transactional: no advertising, no unsubscribe link.",
        "Your receipt from {{ brand.name }}, order 10482",
        "Paid and being packed. We write again when it is on its way.",
        purpose="transactional",
    ),
    Starter(
        "basket",
        "Abandoned basket",
        "What somebody left behind, and one way back to it.",
        "{{ first_name | default: 'Hello' }}, you left two things in your basket",
        "We hold them until tomorrow evening.",
    ),
    Starter(
        "event",
        "Event",
        "An invitation with date, place, programme and a seat to keep.",
        "You are invited: the open evening, 18 March",
        "Three short talks, a tour, and something to drink. Sixty seats.",
    ),
    Starter(
        "survey",
        "Survey",
        "One question, answered with one touch in the message itself.",
        "{{ first_name | default: 'Hello' }}, one question for you",
        "It takes ten seconds, and we show what came of it.",
    ),
    Starter(
        "winback",
        "Win-back",
        "A letter to people who have been away, which takes no for an answer.",
        "It has been a while{% if first_name %}, {{ first_name }}{% endif %}",
        "We would rather ask than guess.",
    ),
)


def starter(key: str) -> Starter | None:
    """The starter with this key, if there is one."""
    return next((one for one in GALLERY if one.key == key), None)
