from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ComplianceConfig(AppConfig):
    name = "compliance"

    def ready(self) -> None:
        from compliance import auditing  # needs the models of auth, as the next does
        from compliance.roles import make_roles

        auditing.connect()
        post_migrate.connect(make_roles, dispatch_uid="compliance.make_roles")
