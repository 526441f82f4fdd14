"""The API of segments: contacts, lists, rules, imports."""
