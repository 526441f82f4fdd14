"""What an author hands in."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ContentDraft:
    """One language of a template as its author writes it. `text` blank: the text part is made from the body."""

    language: str
    format: str
    subject: str
    body: str
    preheader: str = ""
    text: str = ""
