"""The one home of every setting, read from the environment.

With `DATABASE_URL` and `REDIS_URL` the service runs on real servers and reads its secrets from the environment.
Without them it uses the embedded PostgreSQL and Valkey of the data folder `DATA` and secrets made there once.
"""

import os
from pathlib import Path
from urllib.parse import quote

import dj_database_url
import django_stubs_ext
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config import environment
from config.beat import BEAT
from config.embedded import secrets
from config.embedded.places import places

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
TESTING = "PYTEST_VERSION" in os.environ
DATA_DIR = environment.folder("DATA", BASE_DIR / "var" / "tests" if TESTING else BASE_DIR / "var", base=BASE_DIR)

# --- Servers -------------------------------------------------------------------------------------------------------

EMBEDDED = not os.environ.get("DATABASE_URL")
if bool(os.environ.get("REDIS_URL")) == EMBEDDED:
    raise ImproperlyConfigured("Set DATABASE_URL and REDIS_URL together, or neither of them.")
PLACES = places(DATA_DIR)
if EMBEDDED:
    try:
        secrets.load(PLACES.secrets)
    except OSError as problem:
        raise ImproperlyConfigured(f"The data folder {DATA_DIR} cannot be used: {problem.strerror}.") from problem
    POSTGRES_PASSWORD = environment.text("POSTGRES_PASSWORD")
    DATABASE_URL = f"postgresql://mingxuan:{POSTGRES_PASSWORD}@{quote(str(PLACES.sockets), safe='')}/mingxuan"
    REDIS_URL = f"unix://{PLACES.valkey_socket}"
else:
    DATABASE_URL = environment.text("DATABASE_URL")
    REDIS_URL = environment.text("REDIS_URL")

DEMO = environment.flag("DEMO", default=EMBEDDED)
DEBUG = environment.flag("DEBUG", default=False)
# Off only where a proxy in front counts, and in a bench.
RATE_LIMITS = environment.flag("RATE_LIMITS", default=True)
PRODUCTION = not EMBEDDED and not DEBUG

SECRET_KEY = environment.text("SECRET_KEY")
FIELD_KEY = environment.keys("FIELD_KEY")
LOOKUP_KEY = environment.key("LOOKUP_KEY")

# --- The public log -------------------------------------------------------------------------------------------------

# The name of the log and of its key. It never changes: receipts and checkpoints are for one log only.
LEDGER_ORIGIN = environment.text("LEDGER_ORIGIN", "mingxuan.example/log" if EMBEDDED else None)
LEDGER_KEY = environment.key("LEDGER_KEY")
RECEIPT_KEY = environment.key("RECEIPT_KEY")
# Where the sequencer keeps its last signed checkpoint, outside the database.
LEDGER_STATE = environment.folder("LEDGER_STATE", DATA_DIR / "ledger", base=BASE_DIR)
# The custodian's key for cosignatures. The demo's custodian leaves its own in a file.
CUSTODIAN_VKEY = environment.text("CUSTODIAN_VKEY", "" if EMBEDDED else None)
CUSTODIAN_STATE = environment.folder("CUSTODIAN_STATE", DATA_DIR / "custodian", base=BASE_DIR)
CUSTODIAN_VKEY_FILE = CUSTODIAN_STATE / "vkey" if EMBEDDED else None

# --- Seals -----------------------------------------------------------------------------------------------------------

# Who seals contracts: a class of the shape of contracts.sealing.Sealer. A demonstration has an authority of its own; a city
# names its e-seal service here, and without one nothing can be sealed.
SEALER = environment.text("SEALER", "contracts.sealing_demo.DemoSealer" if DEMO else "")

# --- Addresses -----------------------------------------------------------------------------------------------------

PORT = environment.number("PORT", 8000)
# Sockets are their own process. Without a proxy they listen on the next port; behind TLS they share the host.
SOCKET_PORT = environment.number("SOCKET_PORT", 0 if PRODUCTION else PORT + 1)

ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS", "" if PRODUCTION else "localhost,127.0.0.1,[::1],testserver")
CSRF_TRUSTED_ORIGINS = environment.words("CSRF_TRUSTED_ORIGINS")

DATABASES = {"default": dj_database_url.parse(DATABASE_URL, conn_max_age=600, conn_health_checks=True)}
# Only what asks for it is prepared (ledger.domain.queue), at its second execution in a session.
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("prepare_threshold", 1)
# Runs of the tests share one Valkey and must not see each other's keys.
KEY_PREFIX = environment.text("KEY_PREFIX", f"test{os.getpid()}" if TESTING else "mx")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": KEY_PREFIX,
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": KEY_PREFIX},
    }
}

# --- Payments: Alipay, with the firms as registered sub-merchants (decision 0021) ------------------------------------

# Where people and Alipay reach the pages: notifications come to it, and the cashier leads back to it.
SITE_URL = environment.text("SITE_URL", f"http://localhost:{PORT}" if EMBEDDED else None).rstrip("/")
# Without a gateway of its own an embedded installation pays at the sandbox, whose keys lie in ALIPAY_STATE.
ALIPAY_PORT = environment.number("ALIPAY_PORT", PORT + 2)
ALIPAY_STATE = environment.folder("ALIPAY_STATE", DATA_DIR / "alipay", base=BASE_DIR)
ALIPAY_GATEWAY = environment.text(
    "ALIPAY_GATEWAY",
    f"http://localhost:{ALIPAY_PORT}/gateway.do" if EMBEDDED else "https://openapi.alipay.com/gateway.do",
)
ALIPAY_IS_SANDBOX = EMBEDDED and not os.environ.get("ALIPAY_GATEWAY")
# All four or none. Without them nothing is paid by Alipay, and private money goes by transfer as public money does.
_ALIPAY_IS_SET = environment.together("ALIPAY_APP_ID", "ALIPAY_SELLER_ID", "ALIPAY_APP_KEY", "ALIPAY_PUBLIC_KEY")
ALIPAY_ENABLED = _ALIPAY_IS_SET or ALIPAY_IS_SANDBOX
ALIPAY_APP_ID = environment.text("ALIPAY_APP_ID", "2021000000000001" if ALIPAY_IS_SANDBOX else "")
ALIPAY_SELLER_ID = environment.text("ALIPAY_SELLER_ID", "2088000000000001" if ALIPAY_IS_SANDBOX else "")
ALIPAY_APP_KEY = environment.text("ALIPAY_APP_KEY", "")
ALIPAY_PUBLIC_KEY = environment.text("ALIPAY_PUBLIC_KEY", "")
ALIPAY_TIMEOUT = environment.number("ALIPAY_TIMEOUT", 15)  # seconds for an answer

# --- Rooms ---------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "core",
    "accounts",
    "ledger",
    "approvals",
    "market",
    "bidding",
    "contracts",
    "contracts.payments",
    "ratings",
    "oversight",
    "exchange",
    "portal",
    "config",
    "config.admin.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.forms",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "django_filters",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.security.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "accounts.middleware.ActingMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.security.sockets",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"  # widgets may be laid out by our templates

# --- People --------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "portal:desk"
LOGOUT_REDIRECT_URL = "portal:home"
OTP_TOTP_ISSUER = "明选"

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_CALLABLE = "accounts.domain.locking.username_for_axes"
AXES_LOCKOUT_CALLABLE = "accounts.views.locked_out"
AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False

SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_NAME = "mingxuan_session"
CSRF_COOKIE_NAME = "mingxuan_csrf"
LANGUAGE_COOKIE_NAME = "mingxuan_language"

# --- Security ------------------------------------------------------------------------------------------------------

TLS = environment.flag("TLS", default=PRODUCTION)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = TLS
SECURE_SSL_REDIRECT = TLS
SECURE_HSTS_SECONDS = environment.number("HSTS_SECONDS", 365 * 24 * 3600) if TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TLS else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin" if TLS else None
X_FRAME_OPTIONS = "DENY"
# The addresses of the proxies in front: only their word on where a visitor comes from is taken.
TRUSTED_PROXIES = environment.words("TRUSTED_PROXIES", "127.0.0.1,::1" if PRODUCTION else "")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],  # config.security adds the sockets of the request's own host
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "core.uploads.BoundedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
FILE_UPLOAD_PERMISSIONS = 0o640
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o750

# --- Language and time ---------------------------------------------------------------------------------------------

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("中文")), ("en", _("英文"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

# --- Files ---------------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = environment.folder("STATIC_ROOT", DATA_DIR / "static", base=BASE_DIR)
STATICFILES_DIRS = [BASE_DIR / "static"] if (BASE_DIR / "static").is_dir() else []
MEDIA_ROOT = environment.folder("MEDIA_ROOT", DATA_DIR / "media", base=BASE_DIR)
MEDIA_URL = "/media/"  # never routed: a file is handed out by the view that knows who may see it
STATICFILES_FROM_SOURCE = TESTING or DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if STATICFILES_FROM_SOURCE
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = STATICFILES_FROM_SOURCE
WHITENOISE_AUTOREFRESH = STATICFILES_FROM_SOURCE

# --- API -----------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "EXCEPTION_HANDLER": "exchange.problems.problem",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Mingxuan 明选",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "FirmStatus": "market.models.Firm.Status",
        "RoundStatus": "bidding.filters.PUBLIC_STATUSES",
    },
}

# --- Tasks ---------------------------------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "global_keyprefix": f"{KEY_PREFIX}:celery:"}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_ALWAYS_EAGER = TESTING
CELERY_TASK_EAGER_PROPAGATES = True
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE = BEAT

# --- Logs: to the console, without personal data ------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"()": "config.logs.PlainFormatter", "format": "{asctime} {levelname} {name}: {message}", "style": "{"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": environment.text("LOG_LEVEL", "WARNING" if TESTING else "INFO")},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        "celery": {"level": "WARNING"},  # a beat every second is no news
        "fontTools": {"level": "WARNING"},  # says of every table what it drops
        "axes": {"level": "ERROR"},  # its messages name who tried to sign in
    },
}
