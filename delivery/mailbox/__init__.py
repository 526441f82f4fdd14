"""The local mailbox: a real SMTP server whose mails can be read on a page and go no further."""
