"""What happens by itself, and how often. What was not begun before the next time is left to that."""

from typing import Any

from celery.schedules import crontab

BEAT: dict[str, dict[str, Any]] = {
    "move due rounds": {"task": "bidding.tasks.move_due_rounds", "schedule": 1.0, "options": {"expires": 10}},
    "end auctions": {"task": "bidding.tasks.end_auctions", "schedule": 1.0, "options": {"expires": 10}},
    "forget old answers": {"task": "exchange.tasks.forget_answers", "schedule": 3600.0, "options": {"expires": 600}},
    "follow payments": {
        "task": "contracts.payments.tasks.follow_payments",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "begin payment terms": {
        "task": "contracts.payments.tasks.begin_terms",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "presume transfers": {
        "task": "contracts.payments.tasks.presume_transfers",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "read bills": {"task": "contracts.payments.tasks.read_bills", "schedule": 1800.0, "options": {"expires": 600}},
    "expire early events": {
        "task": "approvals.tasks.expire_early_events",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "note late cases": {"task": "approvals.tasks.note_late_cases", "schedule": 60.0, "options": {"expires": 50}},
    "move due contracts": {"task": "contracts.tasks.move_due_contracts", "schedule": 5.0, "options": {"expires": 10}},
    "refresh lines": {"task": "ratings.tasks.refresh_lines", "schedule": 2.0, "options": {"expires": 10}},
    "refresh scores": {
        "task": "ratings.tasks.refresh_scores",
        "schedule": crontab(hour=0, minute=20),
        "options": {"expires": 3600},
    },
    "remind of limits": {"task": "ratings.tasks.remind", "schedule": 120.0, "options": {"expires": 110}},
    "settle evaluations": {"task": "ratings.tasks.settle_due", "schedule": 20.0, "options": {"expires": 20}},
    "try policies": {"task": "ratings.tasks.try_policies", "schedule": 10.0, "options": {"expires": 10}},
    "settle bulletins": {
        "task": "ratings.tasks.settle_bulletins",
        "schedule": crontab(minute=10),
        "options": {"expires": 3600},
    },
    "find deeds": {"task": "ratings.tasks.find_deeds", "schedule": 600.0, "options": {"expires": 500}},
    "scan what changed": {"task": "oversight.tasks.scan_changed", "schedule": 60.0, "options": {"expires": 50}},
    "scan everything": {
        "task": "oversight.tasks.scan_everything",
        "schedule": crontab(hour=3, minute=20),
        "options": {"expires": 3600},
    },
    "forget traces": {
        "task": "oversight.tasks.forget_traces",
        "schedule": crontab(hour=2, minute=40),
        "options": {"expires": 3600},
    },
    "move due admissions": {"task": "market.tasks.move_due_admissions", "schedule": 5.0, "options": {"expires": 10}},
}
