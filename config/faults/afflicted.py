"""The settings of processes that bring a fault with them: the application that AFFLICTION names is one of theirs."""

import os

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS as _APPS

INSTALLED_APPS = [*_APPS, os.environ["AFFLICTION"]]
