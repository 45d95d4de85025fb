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
    """One request and the status that it must get; `refused` is another that it may get."""

    path: str
    method: str = "GET"
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    expect: int = 200
    refused: int = 0


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What all clients saw together; `latencies` in seconds, `refusals` are among them."""

    seconds: float
    latencies: list[float]
    refusals: int = 0

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    @property
    def accepted_per_second(self) -> float:
        return (len(self.latencies) - self.refusals) / self.seconds

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
        seen = [each for work in working for each in work.result()]
        seconds = time.perf_counter() - began
        return Seen(
            seconds=seconds, latencies=[latency for latency, _ in seen], refusals=sum(refused for _, refused in seen)
        )


def _work(port: int, calls: Sequence[Call], numbers: count[int], start: Barrier) -> list[tuple[float, bool]]:
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
        latencies.append((time.perf_counter() - began, answer.status == call.refused))
        assert answer.status in (call.expect, call.refused), f"{call.method} {call.path}: {answer.status}"
    connection.close()
    return latencies
