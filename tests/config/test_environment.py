"""Settings are read from the environment, and a value that cannot be used is told in one sentence."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from config import environment

PRODUCTION = {
    "DATABASE_URL": "postgresql://mingxuan:word@db.example/mingxuan",
    "REDIS_URL": "redis://queue.example:6379/0",
    "SECRET_KEY": "8f1d5c0b7a" * 6,
    "FIELD_KEY": "a3" * 32,
    "LOOKUP_KEY": "b4" * 32,
    "LEDGER_ORIGIN": "mingxuan.example/log",
    "LEDGER_KEY": "c5" * 32,
    "RECEIPT_KEY": "d6" * 32,
    "CUSTODIAN_VKEY": "custodian.test+00000000+AAAA",
    "ALLOWED_HOSTS": "mingxuan.example",
    "SITE_URL": "https://mingxuan.example",
    "ALIPAY_GATEWAY": "https://openapi.alipay.com/gateway.do",
    "ALIPAY_APP_ID": "2021000000000001",
    "ALIPAY_SELLER_ID": "2088000000000001",
    "ALIPAY_APP_KEY": "MIIE",
    "ALIPAY_PUBLIC_KEY": "MIIB",
}


def manage(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run manage.py as on a server: nothing of the tests' own environment but the path."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=settings.BASE_DIR, env={"PATH": os.environ["PATH"], **variables},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def deploy_check() -> "subprocess.CompletedProcess[str]":
    return manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)


def test_check_deploy_is_clean_with_production_settings(deploy_check):
    assert deploy_check.returncode == 0, deploy_check.stderr
    assert "no issues (0 silenced)" in deploy_check.stdout + deploy_check.stderr


@pytest.mark.parametrize(
    "missing",
    [
        "SECRET_KEY",
        "FIELD_KEY",
        "LOOKUP_KEY",
        "LEDGER_ORIGIN",
        "LEDGER_KEY",
        "RECEIPT_KEY",
        "CUSTODIAN_VKEY",
        "SITE_URL",
    ],
)
def test_a_secret_that_is_missing_in_production_is_named(missing):
    done = manage("check", **{name: value for name, value in PRODUCTION.items() if name != missing})
    assert done.returncode == 1
    assert done.stderr.strip() == f"Set the environment variable {missing}."


ALIPAY = ("ALIPAY_APP_ID", "ALIPAY_SELLER_ID", "ALIPAY_APP_KEY", "ALIPAY_PUBLIC_KEY")


def test_without_any_key_of_alipay_production_starts_and_says_so():
    done = manage("check", "--deploy", "--fail-level", "WARNING", **{
        name: value for name, value in PRODUCTION.items() if name not in ALIPAY
    })  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "payments.I001" in done.stdout + done.stderr


@pytest.mark.parametrize("missing", ALIPAY)
def test_half_of_alipays_keys_are_refused(missing):
    done = manage("check", **{name: value for name, value in PRODUCTION.items() if name != missing})
    assert done.returncode == 1
    assert done.stderr.startswith(f"Set {missing} too, or none of these: ")


def test_one_server_without_the_other_is_refused(tmp_path):
    done = manage("check", DATA=str(tmp_path), DATABASE_URL=PRODUCTION["DATABASE_URL"])
    assert done.stderr.strip() == "Set DATABASE_URL and REDIS_URL together, or neither of them."


def test_embedded_secrets_are_made_once_for_their_owner_only(tmp_path):
    data = tmp_path / "data"
    assert manage("check", DATA=str(data)).returncode == 0
    first = (data / "secrets.env").read_text()
    assert manage("check", DATA=str(data)).returncode == 0
    assert (data / "secrets.env").read_text() == first
    assert (data / "secrets.env").stat().st_mode & 0o777 == 0o600
    assert data.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "eighty", "PORT must be a whole number, not 'eighty'."),
        ("DEBUG", "perhaps", "DEBUG must be 1 or 0, not 'perhaps'."),
        ("LOOKUP_KEY", "b4", "LOOKUP_KEY must be 32 bytes in hex (64 characters)."),
        ("FIELD_KEY", "a3,a4", "FIELD_KEY must hold keys of 32 bytes in hex, separated by commas."),
    ],
)
def test_a_value_that_cannot_be_used_is_told_in_a_sentence(name, value, sentence):
    done = manage("check", **{**PRODUCTION, name: value})
    assert (done.returncode, done.stderr.strip()) == (1, sentence)


def test_several_field_keys_are_read_in_order(monkeypatch):
    monkeypatch.setenv("FIELD_KEY", f"{'01' * 32}, {'02' * 32}")
    assert environment.keys("FIELD_KEY") == [b"\x01" * 32, b"\x02" * 32]


def test_a_flag_reads_the_usual_words(monkeypatch):
    for word, meaning in {"1": True, "yes": True, "off": False, "": False}.items():
        monkeypatch.setenv("TLS", word)
        assert environment.flag("TLS", default=True) is meaning


def test_a_missing_text_is_named(monkeypatch):
    monkeypatch.delenv("NOWHERE", raising=False)
    with pytest.raises(ImproperlyConfigured, match="NOWHERE"):
        environment.text("NOWHERE")
