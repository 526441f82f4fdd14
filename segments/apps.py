from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SegmentsConfig(AppConfig):
    name = "segments"

    def ready(self) -> None:
        from segments.services.event_types import make_built_in  # needs the models

        post_migrate.connect(make_built_in, sender=self, dispatch_uid="segments.make_built_in")
