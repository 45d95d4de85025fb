"""Pages and API.

The rooms are loaded before the first request comes: it would wait seconds for them, in every worker that starts.
"""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = wrap_wsgi_with_proxy_headers(get_wsgi_application(), settings.TRUSTED_PROXIES)
get_resolver().url_patterns  # noqa: B018  reading it imports all views
