"""Chromium for whole journeys. Errors of the page, of its policy, and requests to other hosts fail the test."""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from asgiref.sync import AsyncToSync
from django.conf import settings
from django.test import Client

from tests.machine import IN_CI, missing

SIZES = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
OWN_HOSTS = {"127.0.0.1", "localhost", ""}


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's Chromium, headless."""
    try:
        from playwright.sync_api import expect, sync_playwright
    except ImportError:
        missing("Install the Python package `playwright` to run the browser tests.")
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        missing("Install the package `chromium` (and `fonts-noto-cjk` for Chinese) to run the browser tests.")
    flags = FLAGS + (["--no-sandbox"] if os.geteuid() == 0 else [])
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = (
        "true"  # Playwright keeps a loop in this thread; the ORM is used beside it
    )
    expect.set_options(timeout=15_000)  # what a page does at once here takes seconds on a machine that is busy
    with sync_playwright() as playwright, _pushes_from_a_thread():
        chromium = playwright.chromium.launch(executable_path=program, args=flags)
        yield chromium
        chromium.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@contextmanager
def _pushes_from_a_thread() -> Iterator[None]:
    """A push to sockets may not wait in a thread with a running loop, and Playwright keeps one here."""
    push = AsyncToSync.__call__

    def push_aside(self: Any, *args: Any, **kwargs: Any) -> Any:
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(push, self, *args, **kwargs).result()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AsyncToSync, "__call__", push_aside)
        yield


@pytest.fixture
def new_page(browser: Any, live_server: Any) -> Iterator[Callable[..., Any]]:
    """`new_page(user=None, size="desk", language=None)`: a page in a browser of its own, signed in as `user`."""
    complaints: list[str] = []
    contexts = []

    def open_page(user: Any = None, *, size: str = "desk", **options: Any) -> Any:
        context = browser.new_context(
            base_url=live_server.url, viewport=SIZES[size], locale="zh-CN", timezone_id="Asia/Shanghai",
            has_touch=size == "phone", **options,
        )  # fmt: skip
        contexts.append(context)
        context.set_default_timeout(15_000)
        if user is not None:
            context.add_cookies([_session_cookie(user, live_server.url)])
        page = context.new_page()
        _listen(page, complaints)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints, "The browser complained:\n" + "\n".join(complaints)


@pytest.fixture
def page(new_page: Callable[..., Any]) -> Any:
    """An anonymous visitor at a desk."""
    return new_page()


@pytest.fixture
def screenshot(request: pytest.FixtureRequest) -> Callable[..., Path]:
    """`screenshot(page, "name", "phone", "desk")`: the whole page at these sizes in `screenshots/`; none may be wider.

    In CI the width is looked at and no picture taken, which would be a third of the browser's time.
    """

    def take(page: Any, name: str, *sizes: str) -> Path:
        for size in sizes:
            page.set_viewport_size(SIZES[size])
            path = take(page, name)
        if sizes:
            return path
        page.wait_for_load_state()  # a page that a click has only just led to has no element yet
        wide, width = page.evaluate("document.documentElement.scrollWidth"), page.viewport_size["width"]
        assert wide <= width, f"{name} is {wide} px wide on a screen of {width}"
        path = Path(settings.BASE_DIR) / "screenshots" / f"{name}-{width}.png"
        if not IN_CI:
            page.screenshot(path=path, full_page=True)
        return path

    return take


def _listen(page: Any, complaints: list[str]) -> None:
    def console(message: Any) -> None:
        refused_form = message.text.startswith("Failed to load resource") and message.location["url"] == page.url
        if message.type == "error" and not refused_form:
            complaints.append(f"console at {page.url}: {message.text} ({message.location['url']})")

    def requested(request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and (parts.hostname or "") not in OWN_HOSTS:
            complaints.append(f"request to another host from {page.url}: {request.url}")

    page.on("console", console)
    page.on("pageerror", lambda error: complaints.append(f"script at {page.url}: {error}"))
    page.on("request", requested)


def _session_cookie(user: Any, url: str) -> dict[str, str]:
    """A session as after signing in, with the second factor when the user has one."""
    from django_otp import DEVICE_ID_SESSION_KEY, devices_for_user

    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    device = next(iter(devices_for_user(user)), None)
    if device is not None:
        session = client.session
        session[DEVICE_ID_SESSION_KEY] = device.persistent_id
        session.save()
    return {
        "name": settings.SESSION_COOKIE_NAME,
        "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
        "url": url,
    }
