"""What a reader of a mail in the local mailbox does: opens it, and follows its links one after another.

One thing a call, so that whoever calls takes as long between them as a person does: things done in the same moment are
taken for a machine's (delivery/tracking/rules.py). The link that nobody sees, and the one to unsubscribe, are left out.
"""

from dataclasses import dataclass

from config.lib.tokens import InvalidToken
from delivery.mailbox.reading import html_of
from delivery.models import Hit
from delivery.tracking import hits, tokens
from delivery.tracking.hits import Client
from delivery.tracking.reading import Tracked, tracked


@dataclass(frozen=True)
class Reading:
    """How far a reader is. `opens`: the mail tells of being opened; `links`: how many it has to follow."""

    links: int
    opens: bool
    step: int

    @property
    def done(self) -> bool:
        return self.step >= self.steps

    @property
    def steps(self) -> int:
        return self.links + 1  # opening it comes first


def take_step(raw: bytes, step: int, *, client: Client) -> Reading:
    """Open the mail (step 0) or follow its next link; what is stored is what any reader's request would store."""
    mail = _tracked(raw)
    if step <= 0:
        if mail.pixel:
            _open(mail.pixel, client)
    elif step <= len(mail.links):
        _follow(mail.links[step - 1], client)
    return Reading(len(mail.links), bool(mail.pixel), max(step, 0) + 1)


def _tracked(raw: bytes) -> Tracked:
    try:
        return tracked(html_of(raw))
    except InvalidToken:  # a mail of another deployment
        return Tracked((), "", "")


def _open(url: str, client: Client) -> None:
    token = url.rpartition("/")[2].removesuffix(".gif")
    try:
        hits.record(Hit.Kind.OPENED, message_id=tokens.read_message("open", token), client=client)
    except InvalidToken:
        return


def _follow(url: str, client: Client) -> None:
    head, _, token = url.rpartition("/")
    try:
        if head.endswith("/x"):
            message_id, target = tokens.read_sealed(token)
            hits.record(Hit.Kind.CLICKED, message_id=message_id, url=target, client=client)
        else:
            message_id, link_id = tokens.read_click(token)
            hits.record(Hit.Kind.CLICKED, message_id=message_id, link_id=link_id, client=client)
    except InvalidToken:
        return
