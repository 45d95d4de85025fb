"""The e-seals of a demonstration: an authority of its own that gives every organisation a certificate at its first seal.

What it seals proves nothing to anybody outside, so it refuses to work anywhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from asn1crypto import keys, pem
from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction
from pyhanko.sign.signers import SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from accounts.models import Organisation
from contracts.document import sealed_on
from contracts.models import SealAuthority, SealCertificate
from contracts.pdf import print_seal
from contracts.sealing import sign

NAME = "明选演示电子印章"
LONGEST_NAME = 64
"""Characters of a common name in a certificate (RFC 5280)."""
SINCE, UNTIL = datetime(2017, 1, 1, tzinfo=UTC), datetime(2047, 1, 1, tzinfo=UTC)


class DemoSealer:
    """Seals with certificates that are kept here, their keys encrypted as all keys at rest."""

    def __init__(self) -> None:
        if not (settings.DEMO or settings.DEBUG):
            raise ImproperlyConfigured("The seals of the demonstration are worth nothing: set SEALER.")

    def seal(self, content: bytes, *, field: str, organisation: Organisation, at: datetime) -> bytes:
        authority = _authority()
        own = _certificate_of(organisation, authority)
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        store.register(_read(authority.certificate))
        signer = SimpleSigner(
            signing_cert=_read(own.certificate),
            signing_key=keys.PrivateKeyInfo.load(pem.unarmor(own.private_key.encode())[2]),
            cert_registry=store,
        )
        mark = print_seal(organisation.name, sealed_on(at))
        return sign(content, field=field, signer=signer, mark=mark)

    def roots(self) -> Sequence[Certificate]:
        return [_read(each.certificate) for each in SealAuthority.objects.all()]


def _authority() -> SealAuthority:
    if (there := SealAuthority.objects.filter(name=NAME).first()) is not None:
        return there
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(NAME, "")
    certificate = _begun(name, name, key.public_key(), is_authority=True).sign(key, hashes.SHA256())
    try:
        with transaction.atomic():
            return SealAuthority.objects.create(name=NAME, certificate=_text(certificate), private_key=_secret(key))
    except IntegrityError:  # two first uses at one moment
        return SealAuthority.objects.get(name=NAME)


def _certificate_of(organisation: Organisation, authority: SealAuthority) -> SealCertificate:
    if (there := SealCertificate.objects.filter(organisation=organisation).first()) is not None:
        return there
    issuer = x509.load_pem_x509_certificate(authority.certificate.encode())
    signing = serialization.load_pem_private_key(authority.private_key.encode(), password=None)
    assert isinstance(signing, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(organisation.name, organisation.public_code)
    certificate = _begun(subject, issuer.subject, key.public_key(), is_authority=False).sign(signing, hashes.SHA256())
    try:
        with transaction.atomic():
            return SealCertificate.objects.create(
                authority=authority, organisation=organisation, certificate=_text(certificate), private_key=_secret(key)
            )
    except IntegrityError:
        return SealCertificate.objects.get(organisation=organisation)


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, is_authority: bool
) -> x509.CertificateBuilder:
    usage = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(SINCE)
        .not_valid_after(UNTIL)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=0 if is_authority else None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not is_authority,
                content_commitment=not is_authority,
                key_cert_sign=is_authority,
                crl_sign=is_authority,
                **usage,
            ),
            critical=True,
        )
    )


def _name(name: str, number: str) -> x509.Name:
    parts = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
        x509.NameAttribute(NameOID.COMMON_NAME, name[:LONGEST_NAME]),
    ]
    return x509.Name([*parts, *([x509.NameAttribute(NameOID.SERIAL_NUMBER, number)] if number else [])])


def _text(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _secret(key: ec.EllipticCurvePrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _read(text: str) -> Certificate:
    found: Certificate = Certificate.load(pem.unarmor(text.encode())[2])
    return found
