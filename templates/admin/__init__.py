from templates.admin import message_templates, shared_blocks, versions

__all__ = ["message_templates", "shared_blocks", "versions"]
