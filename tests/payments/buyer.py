"""What a person does at the sandbox's cashier, by HTTP."""

from __future__ import annotations

import httpx


def opens(url: str) -> httpx.Response:
    """The cashier that an address leads to."""
    return httpx.get(url, follow_redirects=True, timeout=20)


def pays(url: str) -> str:
    """Open the cashier and confirm; give the address that it leads back to."""
    cashier = opens(url)
    assert cashier.status_code == 200, cashier.text
    return httpx.post(f"{cashier.url}/pay", timeout=20).headers["Location"]
