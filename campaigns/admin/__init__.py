"""Campaigns in the admin."""

from campaigns.admin import after_all, campaigns, journeys

__all__ = ["after_all", "campaigns", "journeys"]
