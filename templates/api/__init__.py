"""The API of message templates."""
