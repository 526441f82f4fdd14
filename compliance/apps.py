from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ComplianceConfig(AppConfig):
    name = "compliance"

    def ready(self) -> None:
        from compliance.roles import make_roles  # needs the models of auth

        post_migrate.connect(make_roles, dispatch_uid="compliance.make_roles")
