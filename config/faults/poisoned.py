"""The settings of workers that die over certain people: DJANGO_SETTINGS_MODULE=config.faults.poisoned."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS as _APPS

INSTALLED_APPS = [*_APPS, "config.faults.poison_app.PoisonConfig"]
