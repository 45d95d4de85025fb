"""Signing up, in and out; lock-out; the second factor; acting for one organisation at a time; personal data at rest."""

from __future__ import annotations

import time

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.domain import joining
from accounts.models import Kind, Membership, Organisation, Role, User
from core.errors import Conflict
from core.identifiers import generate_id_number, generate_uscc
from tests import market_place as market
from tests.bidding.browse import acting

pytestmark = pytest.mark.django_db

PASSWORD = "qiao-song-yue-88"
PHONE = "13800000000"


def form(**changes):
    fields = {
        "kind": "firm", "organisation_name": "宁波云樵测绘有限公司", "uscc": generate_uscc(market._rng), "name": "壤驷翾",
        "phone": PHONE, "username": "yunqiao", "password": PASSWORD, "password_again": PASSWORD,
    }  # fmt: skip
    return fields | changes


def sign_up(**changes):
    return Client().post(reverse("accounts:sign_up"), form(**changes))


@pytest.mark.parametrize(
    ("kind", "desk"), [("firm", "/desk/firm/admission/"), ("owner", "/desk/owner/"), ("person", "/desk/owner/")]
)
def test_signing_up_leads_to_ones_desk(kind, desk):
    client = Client()
    answer = client.post(
        reverse("accounts:sign_up"), form(kind=kind, id_number=generate_id_number(market._rng)), follow=True
    )
    assert answer.request["PATH_INFO"] == desk
    organisation = Organisation.objects.get()
    assert organisation.kind == kind
    assert (organisation.uscc is None) == (kind == "person")
    if kind == "person":
        assert organisation.code.startswith("Z")
        assert "壤驷" not in organisation.public_name


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"kind": "operator"}, ""), ({"kind": ""}, "请选择注册为哪一类"),
        ({"uscc": "123"}, "18 位"), ({"uscc": ""}, "请填写统一社会信用代码"),
        ({"organisation_name": ""}, "请填写机构名称"), ({"phone": "123"}, "11 位手机号码"), ({"username": "a"}, "3 至 30"),
        ({"username": "有汉字"}, "3 至 30"), ({"password": "short", "password_again": "short"}, ""),
        ({"password_again": "other-password-1"}, "两次输入的密码不一样"), ({"kind": "person"}, "请填写身份证号码"),
        ({"id_number": "330203199001010001"}, "身份证号码"), ({"name": ""}, "请填写姓名"),
    ],
)  # fmt: skip
def test_nonsense_is_told_and_nobody_is_made(changes, told):
    answer = sign_up(**changes)
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert PASSWORD not in answer.content.decode()
    assert not User.objects.exists()


def test_twice_is_told():
    uscc = generate_uscc(market._rng)
    assert sign_up(uscc=uscc).status_code == 302
    again = sign_up(uscc=uscc, username="another")
    assert again.status_code == 409
    assert "已经注册" in again.content.decode()
    same_name = sign_up(username="ＹｕｎＱｉａｏ")
    assert same_name.status_code == 409
    assert User.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one(in_threads):
    uscc = generate_uscc(market._rng)

    def join(username):
        return lambda: joining.sign_up(
            kind=Kind.FIRM, organisation_name="x", uscc=uscc, username=username, password=PASSWORD, name="x", phone=PHONE,
            id_number="",
        )  # fmt: skip

    results = in_threads(join("one"), join("two"))
    assert sum(isinstance(each, Conflict) for each in results) == 1
    assert (Organisation.objects.count(), User.objects.count(), Membership.objects.count()) == (1, 1, 1)


def test_personal_data_are_encrypted_and_found_by_hmac():
    number = generate_id_number(market._rng)
    assert sign_up(kind="person", id_number=number).status_code == 302
    with connection.cursor() as cursor:
        for table in ("accounts_user", "accounts_organisation"):
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {table} t")
            (text,) = cursor.fetchone()
            for secret in (PHONE, number, PHONE.encode().hex(), number.encode().hex()):
                assert secret not in text
    assert User.objects.with_phone(PHONE).get().phone == PHONE
    assert User.objects.with_id_number(number.lower()).exists()


def sign_in(client, username, password):
    return client.post(reverse("accounts:sign_in"), {"username": username, "password": password})


def test_signing_in_whatever_the_width_and_case():
    market.user(username="yunqiao", password=PASSWORD)
    assert sign_in(Client(), " ＹｕｎQIAO ", PASSWORD).status_code == 302
    wrong = sign_in(Client(), "yunqiao", "wrong")
    assert wrong.status_code in (200, 422)
    assert "登录名或密码不对" in wrong.content.decode()


def test_after_five_wrong_passwords_the_right_one_is_locked_out_too():
    market.user(username="yunqiao", password=PASSWORD)
    market.user(username="neighbour", password=PASSWORD)
    for number in range(5):
        answer = sign_in(Client(), "yunqiao" if number % 2 else "YunQiao", "wrong")
    assert answer.status_code == 429
    assert "登录暂时锁定" in answer.content.decode()
    assert sign_in(Client(), "yunqiao", PASSWORD).status_code == 429
    assert sign_in(Client(), "neighbour", PASSWORD).status_code == 302


def test_signing_out_is_a_post():
    client = acting(market.member_of(market.organisation(Kind.OWNER)))
    assert client.get(reverse("accounts:sign_out")).status_code == 405
    client.post(reverse("accounts:sign_out"))
    assert client.get("/desk/").status_code == 302


def operator_without_factor():
    member = market.member_of(market.organisation(Kind.OPERATOR))
    client = Client()
    client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
    return client, member.user


def code_of(device, *, drift=0):
    return f"{totp(device.bin_key, t0=-drift * 30):06d}"


def test_the_second_factor_is_set_up_once_and_asked_for_then():
    client, user = operator_without_factor()
    page = reverse("accounts:second_factor")
    assert "二维码" in client.get(page).content.decode()
    device = TOTPDevice.objects.get(user=user)
    assert client.post(page, {"token": "000000"}).status_code == 422
    assert client.post(page, {"token": "abc"}).status_code == 422
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    assert client.post(page, {"token": code_of(device)}).status_code == 302
    assert client.get("/desk/operator/").status_code == 200

    another = Client()
    another.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    shown = another.get(page).content.decode()
    assert device.bin_key.hex() not in shown
    assert "二维码" not in shown
    assert another.post(page, {"token": code_of(device)}).status_code == 422  # used a moment ago
    assert another.get("/desk/operator/").status_code == 302


def test_the_way_on_stays_within_the_site():
    client, user = operator_without_factor()
    device = TOTPDevice.objects.create(user=user, name="x", confirmed=True)
    page = reverse("accounts:second_factor")
    answer = client.post(page, {"token": code_of(device), "next": "https://evil.example/"})
    assert answer["Location"] == "/desk/"
    assert time.time() > 0


def test_acting_for_one_organisation_at_a_time():
    user = market.user()
    first, second = market.organisation(Kind.OWNER), market.organisation(Kind.OWNER)
    one = Membership.objects.create(user=user, organisation=first, role=Role.ADMIN)
    two = Membership.objects.create(user=user, organisation=second, role=Role.ADMIN)
    client = acting(one)
    assert first.name in client.get("/desk/owner/").content.decode()
    client.post(reverse("accounts:act"), {"membership": two.pk})
    page = client.get("/desk/owner/").content.decode()
    assert second.name in page
    stranger = market.member_of(market.organisation(Kind.OPERATOR))
    for forged in (stranger.pk, "x", "", "999999999999999999999"):
        client.post(reverse("accounts:act"), {"membership": forged})
        assert client.get("/desk/operator/").status_code == 404


def test_members_come_and_go_and_an_administrator_stays():
    organisation = market.organisation(Kind.OWNER)
    admin = market.member_of(organisation, role=Role.ADMIN)
    client = acting(admin)
    colleague = market.user(username="colleague")
    add = reverse("accounts:add_member")
    assert client.post(add, {"username": "nobody-here", "role": "handler"}).status_code == 409
    assert client.post(add, {"username": "Colleague", "role": "handler"}).status_code == 302
    membership = Membership.objects.get(user=colleague)
    assert acting(membership).get("/desk/owner/").status_code == 200
    assert acting(membership).post(add, {"username": "colleague", "role": "admin"}).status_code in (403, 404, 409)
    client.post(reverse("accounts:end_membership", args=[admin.pk]))
    assert Membership.objects.active().filter(pk=admin.pk).exists()
    client.post(reverse("accounts:end_membership", args=[membership.pk]))
    assert acting(membership).get("/desk/owner/").status_code == 404
    other = market.member_of(market.organisation(Kind.OWNER))
    client.post(reverse("accounts:end_membership", args=[other.pk]))
    assert Membership.objects.active().filter(pk=other.pk).exists()


def test_changing_the_password():
    user = market.user(username="yunqiao", password=PASSWORD)
    client = Client()
    sign_in(client, "yunqiao", PASSWORD)
    page = reverse("accounts:change_password")
    bad = client.post(page, {"old_password": "x", "new_password1": "a", "new_password2": "b"})
    assert bad.status_code in (200, 422)
    new = "another-good-one-7"
    assert client.post(page, {"old_password": PASSWORD, "new_password1": new, "new_password2": new}).status_code == 302
    user.refresh_from_db()
    assert user.check_password(new)
