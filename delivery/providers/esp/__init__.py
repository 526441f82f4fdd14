"""E-mail service providers over HTTP, through django-anymail: one adapter, and a few lines for each.

We hand over one complete message for one recipient. Where an ESP takes our own MIME it gets that, byte for byte;
else its parts, taken from the same bytes, with our Message-ID where the ESP allows one and the message's public id
as metadata `message_id`, which comes back in its webhooks.
"""
