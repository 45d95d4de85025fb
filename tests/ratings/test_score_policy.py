"""The rules of scoring are dated data: one in force on a day, none changed once scores were made by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from protocol.scores.policy import FIRST
from ratings.models import ScorePolicy
from tests import market_place as market

pytestmark = pytest.mark.django_db


def first():
    return ScorePolicy.objects.get()


def version(name="2027", start=date(2027, 1, 1), **given):
    """A further version, not saved."""
    return ScorePolicy(
        **{
            "suspension_months": [3, 6, 12],
            "legal_basis": "文",
            "version": name,
            "valid_from": start,
        }
        | given
    )


def moment(text):
    return timezone.make_aware(datetime.fromisoformat(text))


def test_the_first_policy_has_the_numbers_of_the_design():
    policy = first().as_policy()
    assert policy == replace(FIRST, legal_basis=policy.legal_basis, deductions=())
    assert "须经法制审核确认" in policy.legal_basis


def test_two_are_never_in_force_on_one_day():
    for start, end in ((date(2027, 1, 1), None), (date(2016, 1, 1), date(2017, 1, 1))):
        with pytest.raises(IntegrityError, match="score_policy_one_at_a_time"), transaction.atomic():
            version(start=start, valid_to=end).save()
        with pytest.raises(ValidationError, match="重叠"):
            version(start=start, valid_to=end).full_clean()


def test_one_follows_the_other_on_its_day():
    ScorePolicy.objects.update(valid_to=date(2026, 12, 31))
    second = version(cap=Decimal("1.25"))
    second.full_clean()
    second.save()
    in_force = [ScorePolicy.in_force(moment(text)) for text in ("2026-12-31T23:59", "2027-01-01T00:00")]
    assert [each.version for each in in_force] == ["2017", "2027"]
    assert in_force[1].as_policy().cap == 125


@pytest.mark.parametrize(
    "wrong",
    [{"joint_share": 61}, {"grade_b": Decimal(81)}, {"m": 0}, {"cap": Decimal("0.90")}, {"return_factor": Decimal("1.10")},
     {"valid_to": date(2026, 1, 1)}],
)  # fmt: skip
def test_numbers_by_which_nothing_could_be_computed_are_refused_by_form_and_database(wrong):
    ScorePolicy.objects.update(valid_to=date(2026, 12, 31))
    with pytest.raises(ValidationError):
        version(**wrong).full_clean()
    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        version(**wrong).save()


@pytest.mark.parametrize(
    "wrong",
    [
        {"suspension_months": []},
        {"suspension_months": [6, 3]},
        {"suspension_months": [True]},
    ],
)
def test_tables_of_another_form_are_refused(wrong):
    ScorePolicy.objects.update(valid_to=date(2026, 12, 31))
    with pytest.raises(ValidationError) as refused:
        version(**wrong).full_clean()
    assert set(refused.value.message_dict) == set(wrong)


# The back room


def test_nobody_but_staff_comes_in():
    page = reverse("admin:ratings_scorepolicy_changelist")
    assert Client().get(page).status_code == 302


def test_of_a_version_that_has_begun_only_the_end_is_set():
    client, policy = market.staff(), first()
    change = reverse("admin:ratings_scorepolicy_change", args=[policy.pk])
    shown = client.get(change).content.decode()
    assert 'name="valid_to"' in shown and 'name="cap"' not in shown
    client.post(change, {"valid_to": "2026-12-31", "cap": "9.00"})
    policy.refresh_from_db()
    assert (policy.valid_to, policy.cap) == (date(2026, 12, 31), Decimal("1.50"))
    assert client.post(reverse("admin:ratings_scorepolicy_delete", args=[policy.pk])).status_code == 403


def test_a_version_to_come_is_open():
    ScorePolicy.objects.update(valid_to=date(2098, 12, 31))
    policy = version(start=date(2099, 1, 1))
    policy.save()
    client = market.staff()
    assert 'name="cap"' in client.get(reverse("admin:ratings_scorepolicy_change", args=[policy.pk])).content.decode()
    assert client.get(reverse("admin:ratings_scorepolicy_add")).status_code == 200
