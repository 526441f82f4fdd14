from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ConfigConfig(AppConfig):
    """The composition root: commands and pages that belong to no single app."""

    name = "config"


class PostriderAdminConfig(AdminConfig):
    default_site = "config.admin_site.PostriderAdminSite"
