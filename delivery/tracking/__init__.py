"""Opens and clicks: addresses in mails that tell us of them, raw hits, and who made them (STANDARDS A11)."""
