"""Reading pages as somebody: signed in, acting for an organisation, with a second factor where one is asked for."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client

from accounts.models import SECOND_FACTOR_KINDS, Kind, Membership, Organisation
from bidding.models import Round
from tests import market_place as market


def acting(membership: Membership) -> Client:
    """A client of this member. A second factor counts as given."""
    client = Client()
    client.force_login(membership.user, backend="django.contrib.auth.backends.ModelBackend")
    if membership.organisation.kind in SECOND_FACTOR_KINDS:
        from django_otp import DEVICE_ID_SESSION_KEY
        from django_otp.plugins.otp_totp.models import TOTPDevice

        device = TOTPDevice.objects.create(user=membership.user, name="test", confirmed=True)
        session = client.session
        session[DEVICE_ID_SESSION_KEY] = device.persistent_id
        session.save()
    return client


def member_client(organisation: Organisation) -> Client:
    return acting(market.member_of(organisation))


def outsiders(round_: Round) -> dict[str, Client]:
    """Everybody who has no business with what is sealed: a visitor, and members of every kind of organisation."""
    kinds = (Kind.OWNER, Kind.FIRM, Kind.DEPARTMENT, Kind.OPERATOR, Kind.REGULATOR, Kind.PERSON)
    clients = {kind.value: member_client(market.organisation(kind)) for kind in kinds}
    clients["visitor"] = Client()
    clients["the owner"] = acting(market.member_of(round_.owner))
    return clients


def steady(response: Any) -> bytes:
    """A page without what differs between any two readings of it: tokens, and the moment of reading."""
    text = re.sub(rb'name="csrfmiddlewaretoken" value="[^"]+"', b"", response.content)
    return re.sub(rb'data-now="[^"]+"', b"", text)
