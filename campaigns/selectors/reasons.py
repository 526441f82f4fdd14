"""Reasons in plain words. What is not listed here is shown as it is stored."""

_WORDS = {
    "unsubscribed": "they had unsubscribed",
    "complained": "they had reported a message as spam",
    "bounced": "their address does not exist",
    "manual": "their address was suppressed by hand",
    "erased": "the person asked to be erased",
    "no_address": "they have no mail address",
    "contact_gone": "the contact no longer exists",
    "expired": "its time had passed",
    "campaign_paused": "the campaign is paused",
    "campaign_cancelled": "the campaign was cancelled",
    "cancelled": "the campaign was cancelled",
    "no_provider": "no provider account is active",
    "budget_spent": "the campaign's budget is spent",
    "not_begun": "the mail server could not be reached in time",
    "no_reply": "the connection broke before the server confirmed",
    "worker_lost": "the worker died while it was sending",
    "gave_up": "the server put it off for too long",
    "address_permanent": "the address does not exist",
    "mailbox_temporary": "the mailbox could not take it",
    "sender_policy": "the server refused us as the sender",
    "message_permanent": "the server refused the message",
    "provider_suppressed": "the provider has the address on its own suppression list",
    "provider_refuses_account": "the provider refused our account or its sender",
    "transient": "the server asked to try again later",
    "render_error": "the template could not be filled in for them",
    "poison": "workers died over it, again and again",
    "order_ended": "it turned out not to have been sent after the campaign had ended",
    "refused_later": "the provider said later that it had not sent it",
    "replayed": "somebody let it be sent after all",
    "sent_again": "nobody knew whether it had been sent, so it is sent again",
    "marked": "somebody said that it had been sent",
    "heard_of": "the provider said what became of it",
    "order_unusable": "its template or sender cannot be used",
    "frozen_anew": "the audience was frozen anew after a crash",
    "planned": "their message was made",
}


def in_words(reason: str) -> str:
    """What a stored reason means to a person: `missing_tag:first_name` becomes `missing tag: first name`."""
    return _WORDS.get(reason, reason.replace("_", " ").replace(":", ": "))
