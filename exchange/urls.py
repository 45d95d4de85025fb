"""Addresses of the API, as PROTOCOL §7 prints them: without a slash at the end."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView

from exchange.api import approvals, envelopes, evaluations, files, firms, offers, rounds, services
from exchange.listing import PublicPace
from exchange.problems import Unknown

app_name = "exchange"

schema = SpectacularAPIView.as_view(authentication_classes=[], permission_classes=[], throttle_classes=[PublicPace])

urlpatterns = [
    path("rounds", rounds.RoundList.as_view(), name="rounds"),
    path("rounds/<word:code>", rounds.RoundDetail.as_view(), name="round"),
    path("rounds/<word:code>/envelopes", envelopes.Envelopes.as_view(), name="envelopes"),
    path("rounds/<word:code>/envelopes/<word:lot>/withdrawal", envelopes.Withdrawal.as_view(), name="withdrawal"),
    path("rounds/<word:code>/lots/<word:lot>/offers", offers.Offers.as_view(), name="offers"),
    path("rounds/<word:code>/files", files.Files.as_view(), name="files"),
    path("approval-events", approvals.ApprovalEvents.as_view(), name="approval_events"),
    path("firms", firms.FirmList.as_view(), name="firms"),
    path("firms/<word:uscc>", firms.FirmDetail.as_view(), name="firm"),
    path("firms/<word:uscc>/evaluations", evaluations.EvaluationList.as_view(), name="firm_evaluations"),
    path("services", services.ServiceList.as_view(), name="services"),
    path("services/<word:code>", services.ServiceDetail.as_view(), name="service"),
    path("schema/", schema, name="schema"),
    re_path(r"^", Unknown.as_view()),
]
