"""Which room answers which address."""

from django.contrib import admin
from django.urls import include, path
from django.views.i18n import set_language

urlpatterns = [
    path("account/", include("accounts.urls")),
    path("api/v1/", include("exchange.urls")),
    path("admin/", admin.site.urls),
    path("ledger/", include("ledger.urls")),
    path("i18n/setlang/", set_language, name="set_language"),
    path("", include("approvals.urls")),
    path("", include("market.urls")),
    path("", include("bidding.urls")),
    path("", include("contracts.payments.urls")),
    path("", include("contracts.urls")),
    path("", include("ratings.urls")),
    path("", include("oversight.urls")),
    path("", include("portal.urls")),
]
