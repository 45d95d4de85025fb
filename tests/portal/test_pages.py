"""Every public page in both languages: light, of one's own host, under the strict policy, and in one language at a time."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from tests import market_place as market

pytestmark = pytest.mark.django_db

HEAVIEST = 120_000
HEAVIEST_GRAPH = 140_000
"""The picture of the graph, which one page of the regulator's desk loads."""


@pytest.fixture
def pages():
    where = market.place()
    firm = market.firm(where, level="甲级")
    running = market.announced(where)
    done = market.announced(where, method="draw")
    market.enters(done, firm)
    done = market.closed_and_evaluated(done)
    return [
        "/", "/firms/", f"/firms/{firm.uscc}/", "/firms/notices/", "/services/", f"/services/{where.service.code}/", "/rounds/",
        f"/rounds/{running.code}/", f"/rounds/{done.code}/", f"/rounds/{running.code}/notice/", "/search/?q=x", "/check/",
        "/about/", "/account/sign-in/", "/account/sign-up/", "/rounds/?historical=1",
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_pages_open_under_the_policy_and_ask_nobody_else(pages, language):
    client = Client(headers={"accept-language": language})
    for path in pages:
        answer = client.get(path)
        text = answer.content.decode()
        assert answer.status_code == 200, path
        policy = answer["Content-Security-Policy"]
        assert "unsafe" not in policy, path
        assert not re.search(r"\son[a-z]+=\"|\sstyle=\"|<style|javascript:", text), path
        for script in re.findall(r"<script[^>]*>", text):
            assert "src=" in script, path
        for address in re.findall(r'(?:src|href|action)="(https?:)?//([^/"]+)', text):
            assert address[1] == "testserver", (path, address)
        assert f'<html lang="{language}"' in text, path


def test_the_page_that_computes_a_round_again_opens_under_the_policy():
    done = market.lived(market.place(), amounts=["50000.00"])
    answer = Client().get(f"/rounds/{done.code}/verify/")
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert (
        "connect-src 'self'" in answer["Content-Security-Policy"]
        or "default-src 'self'" in answer["Content-Security-Policy"]
    )
    assert not re.search(r"\son[a-z]+=\"|\sstyle=\"|<style|<script(?![^>]*src=)", answer.content.decode())


def test_a_round_and_the_search_for_one_lead_to_it():
    done = market.lived(market.place(), amounts=["50000.00"])
    address = f"/rounds/{done.code}/verify/"
    assert address in Client().get(f"/rounds/{done.code}/").content.decode()
    assert Client().get("/check/", {"code": done.code})["Location"] == address


def test_english_pages_have_no_chinese_of_ours(pages):
    client = Client(headers={"accept-language": "en"})
    names = re.compile(
        "中文|甬政发〔2017〕36号|[\u4e00-\u9fff]*测试[\u4e00-\u9fff]*|某项目环境影响评价|环境影响评价|环评审批|编制报告书"
    )
    for path in pages:
        text = re.sub(r"<[^>]+>", " ", client.get(path).content.decode())
        left = re.findall("[\u4e00-\u9fff]+", names.sub("", text))
        assert not left, (path, left)


def test_script_and_style_are_light():
    folder = Path(settings.BASE_DIR) / "static"
    files = [*folder.glob("dist/*.css"), *folder.glob("dist/*.js")]
    assert files, "run `make test`, which builds them"
    weight = {file.name: len(gzip.compress(file.read_bytes())) for file in files}
    assert weight.pop("graph.js") < HEAVIEST_GRAPH
    assert sum(weight.values()) < HEAVIEST


@pytest.mark.parametrize("path", ["/nothing/", "/rounds/R209901010001/", "/firms/x/", "/services/x/", "/rounds/R1/"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_what_is_not_there_is_said_in_the_readers_language(path, language):
    answer = Client(headers={"accept-language": language}).get(path)
    assert answer.status_code == 404
    assert ("找不到" in answer.content.decode()) == (language == "zh-hans")


def test_a_form_from_another_site_is_refused_with_a_page():
    answer = Client(enforce_csrf_checks=True).post("/account/sign-in/", {"username": "x", "password": "y"})
    assert answer.status_code == 403
    assert "没有提交" in answer.content.decode()


@pytest.mark.parametrize("query", ["", "x" * 61, "%", "<b>", "' OR 1=1", "\x00", "明"])
def test_searching_for_anything(query):
    answer = Client().get("/search/", {"q": query})
    assert answer.status_code == 200
    assert "<b>" not in re.sub(r"<b>\d", "", answer.content.decode().split("<main")[1].split("</main")[0])


def test_the_address_of_a_round_by_its_code(pages):
    code = re.search(r"/rounds/(R\d+)/", " ".join(pages)).group(1)
    answer = Client().get("/check/", {"code": code.lower()})
    assert answer.status_code in (200, 302)
    assert code in (answer.get("Location") or answer.content.decode())
