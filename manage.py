#!/usr/bin/env python
"""Entrance for operators: `.venv/bin/python manage.py help` lists every command."""

import os
import sys

# These need neither database nor Redis, or say themselves what is wrong with them.
_ALONE = {
    "help", "version", "check", "collectstatic", "doctor", "mailbox", "secrets", "services", "up", "demo", "faults",
}  # fmt: skip


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("Django is not installed here: run `make setup`, then use .venv/bin/python manage.py.")
    from config.lib.embedded import ServiceError
    from config.lib.errors import DomainError

    try:
        if _needs_services(sys.argv[1:]):
            from config import services

            services.ensure()
            if services.are_new():
                execute_from_command_line([sys.argv[0], "migrate", "--verbosity=0"])
        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, ServiceError, DomainError) as error:
        sys.exit(str(error))


def _needs_services(arguments: list[str]) -> bool:
    command = next((argument for argument in arguments if not argument.startswith("-")), "help")
    return command not in _ALONE and not {"-h", "--help", "--version"} & set(arguments)


if __name__ == "__main__":
    main()
