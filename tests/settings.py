"""The settings of a test session: the product's own, in an environment that touches nothing of the checkout's.

The environment comes first, so that child processes a test starts meet the same database, Redis and folders.
"""

import os

from tests import databases

os.environ.update(databases.session_environment())
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"  # what child processes use

from config.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast; tests make many people
