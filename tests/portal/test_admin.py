"""The back room: dated data only. What is sealed, drawn, awarded or logged is not there, and neither are personal data."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from tests import market_place as market

OURS = {
    "core.Holiday", "accounts.User", "accounts.Organisation", "approvals.District", "approvals.Function",
    "approvals.Department", "approvals.ApprovalItem", "market.QualificationKind", "market.Service", "market.NeedRule",
    "market.Region", "market.RegionalAssessment", "market.AdmissionPolicy", "market.CombinationPolicy", "market.ServiceBundle",
    "bidding.Policy", "bidding.TracePolicy",
}  # fmt: skip
ROOMS = {"core", "accounts", "ledger", "approvals", "market", "bidding"}


def test_nothing_but_dated_data_is_registered():
    registered = {model._meta.label for model in admin.site._registry if model._meta.app_label in ROOMS}
    assert registered == OURS


def test_no_admin_shows_an_encrypted_field():
    from core.fields import EncryptedTextField

    for label in OURS:
        model = apps.get_model(label)
        site = admin.site._registry[model]
        secret = {field.name for field in model._meta.fields if isinstance(field, EncryptedTextField)}
        shown = (
            set(site.get_fields(_request())) if label != "accounts.User" else {"username", "password", "name", "email"}
        )
        assert not secret & (shown | set(site.list_display)), label


def _request():
    from django.test import RequestFactory

    request = RequestFactory().get("/admin/")
    request.user = market.User(is_superuser=True, is_active=True, is_staff=True)
    return request


@pytest.mark.django_db
def test_every_page_of_it_opens():
    client = market.staff()
    market.place()
    assert client.get("/admin/").status_code == 200
    for label in OURS:
        app, model = label.lower().split(".")
        for page in ("changelist", "add"):
            assert client.get(reverse(f"admin:{app}_{model}_{page}")).status_code == 200, (label, page)
