"""The API of messages: what became of each, and tests."""
