"""Pages: the public opt-out, and what Settings holds of senders, people and keys."""
