"""Campaigns in the admin."""

from campaigns.admin import campaigns, journeys

__all__ = ["campaigns", "journeys"]
