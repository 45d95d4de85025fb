"""Clients in threads with a connection each, and what they saw."""

from __future__ import annotations

import http.client
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from threading import Barrier


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request and the status that it must get."""

    path: str
    method: str = "GET"
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    expect: int = 200


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What all clients saw together; `latencies` in seconds."""

    seconds: float
    latencies: list[float]

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    @property
    def p99(self) -> float:
        """The 99th percentile in milliseconds."""
        return sorted(self.latencies)[int(len(self.latencies) * 0.99)] * 1000


def drive(port: int, calls: Sequence[Call], *, clients: int) -> Seen:
    """Send all calls from so many clients at once, each taking the next one. Raises AssertionError for another status."""
    numbers, start = count(), Barrier(clients + 1)
    with ThreadPoolExecutor(clients) as pool:
        working = [pool.submit(_work, port, calls, numbers, start) for _client in range(clients)]
        start.wait()
        began = time.perf_counter()
        latencies = [each for work in working for each in work.result()]
        return Seen(seconds=time.perf_counter() - began, latencies=latencies)


def _work(port: int, calls: Sequence[Call], numbers: count[int], start: Barrier) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.connect()
    latencies = []
    start.wait()
    while (number := next(numbers)) < len(calls):
        call = calls[number]
        began = time.perf_counter()
        connection.request(call.method, call.path, call.body, call.headers)
        answer = connection.getresponse()
        answer.read()
        latencies.append(time.perf_counter() - began)
        assert answer.status == call.expect, f"{call.method} {call.path}: {answer.status}"
    connection.close()
    return latencies
