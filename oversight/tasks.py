"""What oversight does by itself; the work is in `oversight.domain`."""

from celery import shared_task

from core import clock
from oversight.domain import alerting, marketplace, meetings, papers, scanning, stopping, traces
from oversight.domain.sources import TIES


@shared_task
def scan_changed() -> int:
    """Take in what the marketplace has newly admitted, and scan what has changed; any number of workers may do it at once."""
    marketplace.import_changed()
    scan = scanning.scan_changed()
    if scan is None:
        return 0
    stopping.after_scan()
    alerting.ask(TIES)
    return scan.found


@shared_task
def scan_everything() -> int:
    """The nightly run: everything that the marketplace holds, then all firms and departments, the proposals that have become
    public, and who enters with whom.
    """
    marketplace.import_everything()
    scan = scanning.scan_everything()
    stopping.after_scan()
    papers.read_new(now=clock.now())
    alerting.ask()
    meetings.count_anew()
    return scan.found


@shared_task
def forget_traces() -> int:
    """Each day: where entries came from is forgotten when its time is over."""
    return traces.forget(now=clock.now())
