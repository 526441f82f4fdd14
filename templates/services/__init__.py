"""Writes of what we say, by noun."""

from templates.drafts import ContentDraft
from templates.services.assets import archive_asset, delete_asset, describe_asset, restore_asset, upload_asset
from templates.services.blocks import (
    check_block,
    check_block_name,
    create_block,
    refresh_templates,
    roll_back_block,
    save_block,
)
from templates.services.drafts import discard_draft, keep_draft
from templates.services.versions import archive, create_template, restore, roll_back, save_version

__all__ = [
    "ContentDraft",
    "archive",
    "archive_asset",
    "check_block",
    "check_block_name",
    "create_block",
    "create_template",
    "delete_asset",
    "describe_asset",
    "discard_draft",
    "keep_draft",
    "refresh_templates",
    "restore",
    "restore_asset",
    "roll_back",
    "roll_back_block",
    "save_block",
    "save_version",
    "upload_asset",
]
