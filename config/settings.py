"""All settings, read from the environment once. A wrong value stops the start with one line that says what to do.

With no DATABASE_URL and REDIS_URL set, the embedded services of this checkout are used (config/lib/embedded).
With POSTRIDER_ENV=production nothing is made up: a missing secret stops the start.
"""

from pathlib import Path

import django_stubs_ext
import environ
from django.core.exceptions import ImproperlyConfigured

from config.lib import embedded, logs, secrets_file

django_stubs_ext.monkeypatch()  # lets classes such as ModelAdmin name their model in brackets

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

ENVIRONMENT = env.str("POSTRIDER_ENV", default="development")
if ENVIRONMENT not in ("development", "production"):
    raise ImproperlyConfigured(f"POSTRIDER_ENV is {ENVIRONMENT!r}; it is either development or production")
PRODUCTION = ENVIRONMENT == "production"
DEBUG = env.bool("DEBUG", default=False)
STATE_DIR = Path(env.str("POSTRIDER_STATE")) if env.str("POSTRIDER_STATE", default="") else embedded.state_dir(BASE_DIR)

# Secrets: from the environment; in development made once and kept in the git-ignored state folder.
_secrets = secrets_file.load(env, STATE_DIR, required=PRODUCTION)
SECRET_KEY = _secrets.secret_key
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
TOKEN_KEYS = _secrets.token_keys  # ((id 0-255, 64 bytes), …): the first seals, all unseal
ADDRESS_KEYS = _secrets.address_keys  # ((id, 32 bytes), …): the first hashes, all are checked
PUBLIC_ID_KEY = _secrets.public_id_key  # 32 bytes, never rotated

BASE_URL = env.str("BASE_URL", default="http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["*"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[BASE_URL])
if PRODUCTION and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS is empty: set it to the host names this server answers to")
if PRODUCTION and not BASE_URL.startswith("https://"):
    raise ImproperlyConfigured("BASE_URL must be an https:// address: links in mails are made from it")
# Example domains (example.test, …) are refused as recipients in production only.
ALLOW_TEST_DOMAINS = env.bool("ALLOW_TEST_DOMAINS", default=not PRODUCTION)

INSTALLED_APPS = [
    "config.apps.PostriderAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.forms",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_celery_beat",
    "import_export",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "config.apps.ConfigConfig",
    "segments.apps.SegmentsConfig",
    "templates.apps.TemplatesConfig",
    "compliance.apps.ComplianceConfig",
    "delivery.apps.DeliveryConfig",
    "campaigns.apps.CampaignsConfig",
    "analytics.apps.AnalyticsConfig",
]
MIDDLEWARE = [
    "config.api.middleware.RequestIds",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
# Never BASE_DIR / "templates": that is the app of message templates, its source would be served as pages.
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "html"],
        "APP_DIRS": True,  # for the admin and DRF only
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.pages.context.shell",
            ],
        },
    },
]

# One Postgres, two roles: the application role cannot change what is append-only, the owner can (DESIGN 4).
_app_url = env.str("DATABASE_URL", default="") or embedded.database_url(STATE_DIR, "postrider_app")
_owner_url = env.str("DATABASE_OWNER_URL", default="")
if not _owner_url:
    if env.str("DATABASE_URL", default=""):
        raise ImproperlyConfigured("DATABASE_URL is set but DATABASE_OWNER_URL is not: see deploy/roles.sql")
    _owner_url = embedded.database_url(STATE_DIR, "postrider_owner")
_CONNECTION = {
    "CONN_MAX_AGE": 60,
    "CONN_HEALTH_CHECKS": True,
    "TEST": {"MIGRATE": True},
}
DATABASES = {
    "default": {**env.db_url_config(_app_url), **_CONNECTION},
    "owner": {**env.db_url_config(_owner_url), **_CONNECTION},
}
for _database in DATABASES.values():
    # A forgotten transaction would hold back vacuum and the counting horizon (STANDARDS B4.2).
    _database.setdefault("OPTIONS", {})["options"] = "-c idle_in_transaction_session_timeout=60000"
DATABASE_ROUTERS = ["config.lib.database.OwnerMigrates"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="") or embedded.redis_url(STATE_DIR)
# Celery spells a Unix socket in its own way
CELERY_BROKER_URL = embedded.broker_url(REDIS_URL)
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
CSRF_FAILURE_VIEW = "config.pages.errors.forged"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "config" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not PRODUCTION  # without collectstatic in development
MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(STATE_DIR / "media"))
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

# The API (config/api): keys only, nothing allowed that an endpoint does not name
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["compliance.api.authentication.BearerKey"],
    "DEFAULT_PERMISSION_CLASSES": ["config.api.permissions.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["config.api.throttles.KeyRate"],
    "DEFAULT_PAGINATION_CLASS": "config.api.pages.CursorPages",
    "DEFAULT_PARSER_CLASSES": ["config.api.parsers.PlainJson"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "config.api.schema.ScopedSchema",
    "EXCEPTION_HANDLER": "config.api.errors.respond",
    "NUM_PROXIES": env.int("NUM_PROXIES", default=0),
}
API_RATE_PER_MINUTE = env.int("API_RATE_PER_MINUTE", default=1200)
SPECTACULAR_SETTINGS = {
    "TITLE": "Postrider",
    "DESCRIPTION": "Campaigns, people, templates and figures for other programs. Keys: `manage.py api_key create`.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": ["config.api.schema.add_what_is_shared"],
}
AUDIT_LOG = "compliance.services.audit.record"
IDEMPOTENCY_STORE = "compliance.services.replays.Replays"

# Security headers
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
SILENCED_SYSTEM_CHECKS = ["security.W008"]  # SECURE_SSL_REDIRECT: see there
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=False)  # the proxy does it; one-click must not redirect
SECURE_HSTS_SECONDS = 31536000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# System mail (sign-in, alerts), apart from what campaigns send. In development it goes to the local mailbox.
MAILBOX_HOST, MAILBOX_PORT = "127.0.0.1", env.int("MAILBOX_PORT", default=2525)
MAILBOX_DIR = STATE_DIR / "mailbox"
if env.str("EMAIL_URL", default=""):
    vars().update(env.email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = MAILBOX_HOST, MAILBOX_PORT
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="postrider@localhost")

LOGGING = logs.configuration(
    as_json=env.bool("LOG_JSON", default=PRODUCTION), level=env.str("LOG_LEVEL", default="INFO")
)

# For machines that watch (config/health.py)
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")  # the Bearer of /metrics; blank: signed-in staff only
READY_QUEUE_AGE_S = env.float("READY_QUEUE_AGE_S", default=300.0)  # /readyz fails when due messages wait longer

# A launch to more people than this needs the yes of somebody other than its author; 0: never.
APPROVAL_ABOVE = env.int("APPROVAL_ABOVE", default=50_000)

# Plug-ins: dotted paths, one line each (config/lib/registry.py)
SEGMENT_PREDICATES = [  # those that keep no registry first: a rule over these alone reads none
    "segments.predicates.fields.ContactField",
    "segments.predicates.regions.InRegion",
    "segments.predicates.lists.ListMember",
    "segments.predicates.segment_members.SegmentMember",
    "segments.predicates.imports.InImport",
    "segments.predicates.attributes.AttributeField",
    "segments.predicates.events.DidEvent",
    "segments.predicates.aggregates.Aggregate",
    "segments.predicates.rfm.Rfm",
    "campaigns.predicates.engagement.Engaged",
    "campaigns.predicates.audience.InAudience",
    "compliance.predicates.MayBeMailed",
    "compliance.predicates.OptedOut",
]
SEGMENT_WATCHES = [  # what of a person, when it changes, may change which segments they are in
    "segments.watches.People",
    "segments.watches.Fields",
    "segments.watches.Lists",
    "segments.watches.Events",
    "segments.watches.Imports",
    "segments.watches.Members",
    "segments.watches.Scores",
    "compliance.watches.Suppressions",
    "delivery.watches.Messages",
    "campaigns.watches.Audiences",
]
PURCHASE_METRIC, REFUND_METRIC = "order_completed", "order_refunded"  # what purchase_count, lifetime_value … count
ASSET_USES = ["delivery.logos.BrandLogos"]  # what keeps an image from being deleted
SEGMENT_USES = ["campaigns.uses.CampaignSegments"]  # what keeps a segment from being archived
EVENT_DOORBELLS: list[str] = []  # who wants to know at once that events came in
MERGE_EFFECTS = [  # what follows from two contacts being one
    "compliance.merging.KeepOptOuts",
    "segments.services.hand_kept.KeepMemberships",
]
GATE_RULES = [
    "delivery.rules.orders.OrderOpen",
    "compliance.rules.suppression.NotSuppressed",
]
SUPPRESSED_ADDRESSES = ["compliance.selectors.SuppressedAddresses"]
OPT_OUT_EFFECTS = ["delivery.effects.SkipWaiting"]
PROVIDERS = [
    "delivery.providers.smtp.Smtp",
    "delivery.providers.mailbox.LocalMailbox",
    "delivery.providers.esp.ses.Ses",
    "delivery.providers.esp.sendgrid.SendGrid",
    "delivery.providers.esp.mailgun.Mailgun",
    "delivery.providers.esp.postmark.Postmark",
    "delivery.providers.esp.brevo.Brevo",
    "delivery.providers.esp.others.Resend",
    "delivery.providers.esp.others.SparkPost",
    "delivery.providers.esp.others.Mailjet",
    "delivery.providers.esp.others.MailerSend",
    "delivery.providers.esp.others.Scaleway",
    "delivery.providers.esp.others.Mandrill",
    "delivery.providers.esp.others.Mailtrap",
    "delivery.providers.esp.others.UnisenderGo",
]
# Where an ESP's API is, by kind, when it is not where the ESP says: a proxy, or a fake. Never a setting of an account,
# so that nobody who edits accounts can make this server call an address of their choice.
PROVIDER_API_URLS: dict[str, str] = env.dict("PROVIDER_API_URLS", default={})
STEPS = ["campaigns.steps.send.Send"]
TIMELINE_SOURCES = [  # what the page of a contact tells of the past
    "segments.moments.Imported",
    "segments.moments.Listed",
    "segments.moments.Known",
    "segments.moments.Did",
    "segments.moments.Done",
    "segments.moments.InSegments",
    "compliance.contacts.OptOuts",
    "compliance.contacts.Changes",
    "campaigns.moments.Messages",
]
CONTACT_ACTIONS = [  # done to many contacts, as bulk jobs
    "segments.deeds.PutOnList",
    "segments.deeds.TakeOffList",
    "segments.deeds.TakeOutOfSegment",
    "segments.deeds.ChangeAttribute",
    "analytics.contacts.ExportContacts",
    "compliance.contacts.SuppressContacts",
]
SEARCH_SOURCES = [
    "segments.search.SegmentSearch",
    "campaigns.search.CampaignSearch",
    "segments.search.ContactSearch",
    "templates.search.TemplateSearch",
]

BENCHES = [
    "segments.bench_import.ImportBench",
    "config.bench_send.SendBench",
    "config.bench_launch.LaunchBench",
    "config.bench_trigger.TriggerBench",
    "delivery.bench_tracking.TrackingBench",
    "config.bench_api.ApiBench",
    "config.bench_pages.PagesBench",
    "config.bench_ingest.IngestBench",
    "config.bench_segment.SegmentBench",
]
FAULTS = [
    "config.faults.smtp.GoodServer",
    "config.faults.smtp.ComeLater",
    "config.faults.smtp.Refused",
    "config.faults.smtp.Dropped",
    "config.faults.smtp.AcceptedThenDropped",
    "config.faults.smtp.SlowAnswer",
    "config.faults.smtp.Garbage",
    "config.faults.smtp.AcceptedThenDroppedTransactional",
    "config.faults.esp.Accepts500",
    "config.faults.esp.AcceptsInSilence",
    "config.faults.esp.Throttles",
    "config.faults.esp.TakesSome",
    "config.faults.esp.Accepts500WithKeys",
    "config.faults.workers.Killed",
    "config.faults.workers.KilledTransactional",
    "config.faults.workers.Deployed",
    "config.faults.workers.TwoBeats",
    "config.faults.workers.TwoDeployments",
    "config.faults.money.BudgetUnderKills",
    "config.faults.postgres.RestartedFast",
    "config.faults.postgres.RestartedImmediately",
    "config.faults.postgres.Cut",
    "config.faults.postgres.DiskFull",
    "config.faults.redis.Emptied",
    "config.faults.redis.Stopped",
    "config.faults.clocks.ClockSteps",
    "config.faults.poison.Poison",
]

ASSET_MAX_BYTES = env.int("ASSET_MAX_BYTES", default=10 * 1024**2)
IMPORT_MAX_BYTES = env.int("IMPORT_MAX_BYTES", default=2 * 1024**3)
IMPORT_MAX_COLUMNS = env.int("IMPORT_MAX_COLUMNS", default=500)
QUARANTINE_DAYS = env.int("QUARANTINE_DAYS", default=30)  # how long an event that was not let in can be repaired
MEMBERSHIP_LOG_DAYS = env.int("MEMBERSHIP_LOG_DAYS", default=400)  # how long entries and exits are kept; 0: for ever
if 0 < MEMBERSHIP_LOG_DAYS < 31:
    raise ImproperlyConfigured("MEMBERSHIP_LOG_DAYS must be 31 or more, or 0: whole months are dropped")

# A group's last beginning plus the longest wait for a reply must end before its lease: a worker knows the outcome
# of what it began before anybody else calls it unknown (STANDARDS B3). An opt-out waits for a stuck message at most
# for the lease; a pause takes effect after the window at the latest, since the gate is read before it begins.
SEND_BEGIN_WINDOW_S = env.float("SEND_BEGIN_WINDOW_S", default=4.0)
SEND_REPLY_TIMEOUT_S = env.float("SEND_REPLY_TIMEOUT_S", default=60.0)
SEND_LEASE_S = env.float("SEND_LEASE_S", default=90.0)
DNS_NAMESERVERS = env.list("DNS_NAMESERVERS", default=[])  # address or address#port; none: the system's
if SEND_BEGIN_WINDOW_S + SEND_REPLY_TIMEOUT_S >= SEND_LEASE_S:
    raise ImproperlyConfigured("SEND_LEASE_S must be longer than SEND_BEGIN_WINDOW_S and SEND_REPLY_TIMEOUT_S together")

# What goes wrong. A message over which so many workers died is a dead letter; a transactional one that nobody knows of
# is begun at most so often; providers are asked about unknown ones for so long.
SEND_MAX_LOSSES = env.int("SEND_MAX_LOSSES", default=5)
SEND_MAX_ATTEMPTS_UNKNOWN = env.int("SEND_MAX_ATTEMPTS_UNKNOWN", default=10)
SEND_LOOK_UP_HOURS = env.int("SEND_LOOK_UP_HOURS", default=72)
# A campaign pauses itself when of its last attempts more than so many per cent went wrong (0: never): bounces are the
# audience's doing and hurt reputation from 10 % on, the others are ours or a provider's (STANDARDS A9.7, B11.5).
CAMPAIGN_GUARD_ATTEMPTS = env.int("CAMPAIGN_GUARD_ATTEMPTS", default=100)
CAMPAIGN_GUARD_MINUTES = env.int("CAMPAIGN_GUARD_MINUTES", default=10)
CAMPAIGN_MAX_BOUNCED_PERCENT = env.float("CAMPAIGN_MAX_BOUNCED_PERCENT", default=10.0)
CAMPAIGN_MAX_FAILED_PERCENT = env.float("CAMPAIGN_MAX_FAILED_PERCENT", default=5.0)
CAMPAIGN_MAX_UNKNOWN_PERCENT = env.float("CAMPAIGN_MAX_UNKNOWN_PERCENT", default=5.0)

# Opens and clicks (delivery/tracking). The bait is a link in each mail that nobody sees but machines follow.
TRACKING_BAIT = env.bool("TRACKING_BAIT", default=True)
TRACKING_JUDGE_AFTER_S = env.float("TRACKING_JUDGE_AFTER_S", default=3.0)
TRACKING_BURST_S = env.float("TRACKING_BURST_S", default=1.0)  # two things done within it were done by a machine
if not TRACKING_BURST_S < TRACKING_JUDGE_AFTER_S:
    raise ImproperlyConfigured("TRACKING_JUDGE_AFTER_S must be longer than TRACKING_BURST_S: a burst is judged whole")
TRACKING_AGENT_DAYS = env.int("TRACKING_AGENT_DAYS", default=30)  # how long the words of a browser are kept
TRACKING_APPLE_RANGES = env.path("TRACKING_APPLE_RANGES", default=str(BASE_DIR / "delivery/tracking/apple_ranges.txt"))
