"""How each ESP's HTTP is spelled: where the parts of a message stand in a request, and what the answers look like.

From the public API references named at each class. A wire knows no faults; fake_esps chooses what to answer.
"""

from tests.support.esp_wires.base import Handed, Reply, Wire
from tests.support.esp_wires.named import Brevo, Mailgun, Postmark, SendGrid, Ses
from tests.support.esp_wires.others import (
    MailerSend,
    Mailjet,
    Mailtrap,
    Mandrill,
    Resend,
    Scaleway,
    SparkPost,
    UnisenderGo,
)

__all__ = ["WIRES", "Handed", "Reply", "Wire"]

WIRES: dict[str, Wire] = {
    "ses": Ses(), "sendgrid": SendGrid(), "mailgun": Mailgun(), "postmark": Postmark(), "brevo": Brevo(),
    "resend": Resend(), "sparkpost": SparkPost(), "mailjet": Mailjet(), "mailersend": MailerSend(),
    "scaleway": Scaleway(), "mandrill": Mandrill(), "mailtrap": Mailtrap(), "unisender-go": UnisenderGo(),
}  # fmt: skip
