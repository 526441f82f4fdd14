"""Versions, contents and links in the admin: they are append-only, so there is nothing to edit."""

from django.contrib import admin

from config.lib.admin import ReadOnlyAdmin
from templates.models import TemplateContent, TemplateLink, TemplateVersion


class ContentInline(admin.StackedInline[TemplateContent, TemplateVersion]):
    model = TemplateContent
    fields = ("language", "format", "subject", "preheader", "body", "text", "merge_tags")
    readonly_fields = fields
    extra = 0
    max_num = 0
    can_delete = False


@admin.register(TemplateVersion)
class TemplateVersionAdmin(ReadOnlyAdmin[TemplateVersion]):
    list_display = ["template", "number", "default_language", "missing_policy", "note", "created_by", "created_at"]
    list_filter = ["missing_policy"]
    list_select_related = ["template", "created_by"]
    search_fields = ["template__name", "note"]
    inlines = [ContentInline]


class LinkInline(admin.TabularInline[TemplateLink, TemplateContent]):
    model = TemplateLink
    fields = ("slot", "url", "text")
    readonly_fields = fields
    extra = 0
    max_num = 0
    can_delete = False


@admin.register(TemplateContent)
class TemplateContentAdmin(ReadOnlyAdmin[TemplateContent]):
    list_display = ["version", "language", "format", "subject"]
    list_filter = ["format", "language"]
    list_select_related = ["version__template"]
    search_fields = ["subject", "version__template__name"]
    inlines = [LinkInline]


@admin.register(TemplateLink)
class TemplateLinkAdmin(ReadOnlyAdmin[TemplateLink]):
    list_display = ["url", "text", "slot", "content"]
    list_select_related = ["content__version__template"]
    search_fields = ["url", "text"]
