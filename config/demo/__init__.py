"""The demo: a brand with people, templates and a launched campaign, and a check of the whole way with figures."""
