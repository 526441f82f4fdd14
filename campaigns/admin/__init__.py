"""Campaigns in the admin."""
