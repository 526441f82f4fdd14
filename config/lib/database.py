"""Two roles on one database: who may migrate, and who answers for what."""

from typing import Any


class OwnerMigrates:
    """Only the owner role may create or change tables; all reads and writes are the application role's."""

    def db_for_read(self, model: type, **hints: Any) -> str:
        return "default"

    def db_for_write(self, model: type, **hints: Any) -> str:
        return "default"

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == "owner"
