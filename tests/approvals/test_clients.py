"""Which systems may send for a department, and who says so."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.urls import reverse

from accounts.models import Role
from approvals.domain import clients
from approvals.models import ApiClient
from core.errors import DomainError, NotAllowed
from tests.approvals import office
from tests.approvals.signing import public_text, system
from tests.bidding.browse import acting

pytestmark = pytest.mark.django_db


def test_only_the_administrator_connects_a_system(where):
    key = public_text(Ed25519PrivateKey.generate())
    for by in (office.clerk(where.department), office.clerk(office.place().department, role=Role.ADMIN)):
        with pytest.raises(NotAllowed):
            clients.register_client(department=where.department, label="x", public_key=key, by=by)
    handler = acting(office.clerk(where.department))
    assert handler.get(reverse("approvals:clients")).status_code == 403
    assert "接入系统" not in handler.get(reverse("approvals:cases")).content.decode()


def test_a_system_is_connected_and_revoked_on_the_page(where):
    admin = acting(office.clerk(where.department, role=Role.ADMIN))
    address = reverse("approvals:clients")
    given = {"label": "行政许可系统", "public_key": public_text(Ed25519PrivateKey.generate())}
    for _twice in range(2):
        assert admin.post(address, given).status_code == 302
    made = ApiClient.objects.get()
    assert made.key_id in admin.get(address).content.decode()
    others = acting(office.clerk(office.place().department, role=Role.ADMIN))
    assert others.post(reverse("approvals:revoke_client", args=[made.pk])).status_code == 404
    admin.post(reverse("approvals:revoke_client", args=[made.pk]))
    assert not ApiClient.objects.usable().exists()
    assert "还没有接入系统" in admin.get(address).content.decode()


@pytest.mark.parametrize(
    "text", ["x", "", "A" * 44, "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----", "rsa", "密"]
)
def test_what_is_no_key_is_refused_at_its_field(where, text):
    if text == "rsa":
        public = generate_private_key(65537, 2048).public_key()
        text = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    admin = acting(office.clerk(where.department, role=Role.ADMIN))
    answer = admin.post(reverse("approvals:clients"), {"label": "系统", "public_key": text})
    assert answer.status_code == 422 and 'id="id_public_key_error"' in answer.content.decode()
    assert not ApiClient.objects.exists()


def test_no_more_than_five(where):
    for _number in range(5):
        system(where.department)
    with pytest.raises(DomainError, match="最多同时接入 5 个"):
        system(where.department)
