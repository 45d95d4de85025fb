"""Marks: the small drawings beside every status word, so that colour never speaks alone."""

from __future__ import annotations

from typing import NamedTuple

PATHS: dict[str, str] = {
    "open": '<circle cx="8" cy="8" r="5.5"/><circle cx="8" cy="8" r="1.75" fill="currentColor"/>',
    "draft": '<circle cx="8" cy="8" r="5.5" stroke-dasharray="2.2 2.4"/>',
    "wait": '<circle cx="8" cy="8" r="5.5"/><path d="M8 5v3.2l2 1.3"/>',
    "half": '<circle cx="8" cy="8" r="5.5"/><path d="M8 2.500a5.500 5.500 0 0 1 0 11z" fill="currentColor" stroke="none"/>',
    "back": '<path d="M6 4 2.500 7.500 6 11M2.800 7.500H10a3.500 3.500 0 0 1 0 7H9"/>',
    "check": '<path d="m3 8.500 3.300 3.300L13 5"/>',
    "done": '<circle cx="8" cy="8" r="5.500"/><path d="m5.500 8.200 1.800 1.800 3.300-3.600"/>',
    "cross": '<path d="m4 4 8 8M12 4l-8 8"/>',
    "stop": '<circle cx="8" cy="8" r="5.500"/><path d="m4.200 4.200 7.600 7.600"/>',
    "pause": '<circle cx="8" cy="8" r="5.500"/><path d="M6.500 6v4M9.500 6v4"/>',
    "lock": '<rect x="3.500" y="7" width="9" height="6.500" rx="1"/><path d="M5.500 7V5a2.500 2.500 0 0 1 5 0v2"/>',
    "unlock": '<rect x="3.500" y="7" width="9" height="6.500" rx="1"/><path d="M5.500 7V5a2.500 2.500 0 0 1 4.800-1"/>',
    "notice": '<path d="M3 13.500v-11h8.500L10 5.200l1.500 2.800H3"/>',
    "seal": '<rect x="2.500" y="2.500" width="11" height="11" rx="1.500"/><path d="m5.300 8.200 1.900 1.900 3.500-4"/>',
    "minus": '<circle cx="8" cy="8" r="5.500"/><path d="M5.500 8h5"/>',
    "warn": '<path d="M8 2.500 14 13H2zM8 6.500v3M8 11.300v.1"/>',
    "info": '<circle cx="8" cy="8" r="5.500"/><path d="M8 7.500v3.300M8 5.200v.1"/>',
    "search": '<circle cx="7" cy="7" r="4.500"/><path d="m10.500 10.500 3.500 3.500"/>',
    "menu": '<path d="M2 4h12M2 8h12M2 12h12"/>',
    "down": '<path d="m4 6 4 4 4-4"/>',
    "theme": '<circle cx="8" cy="8" r="5.500"/><path d="M8 2.500v11a5.500 5.500 0 0 0 0-11z" fill="currentColor"/>',
    "verify": '<path d="M8 1.800 13 4v4c0 3-2 5.200-5 6.200C5 13.200 3 11 3 8V4z"/><path d="m5.800 8 1.600 1.600 2.900-3.200"/>',
    "history": '<path d="M2.800 5.500A5.800 5.800 0 1 1 2.200 8M2.500 2.500v3h3M8 5v3.200l2 1.300"/>',
}


class Mark(NamedTuple):
    """A status as the eye reads it: one of PATHS and one of the tones jade, seal, amber, slate, grey."""

    name: str
    tone: str


UNKNOWN = Mark("info", "grey")

MARKS: dict[str, Mark] = {
    # rounds
    "draft": Mark("draft", "grey"),
    "submitted": Mark("wait", "amber"),
    "returned": Mark("back", "seal"),
    "announced": Mark("open", "jade"),
    "closed": Mark("lock", "slate"),
    "opened": Mark("unlock", "slate"),
    "evaluated": Mark("half", "slate"),
    "candidate": Mark("notice", "amber"),
    "awarded": Mark("seal", "seal"),
    "contracted": Mark("done", "jade"),
    "failed": Mark("cross", "grey"),
    "cancelled": Mark("minus", "grey"),
    "void": Mark("stop", "grey"),
    "historical": Mark("history", "grey"),
    # auctions
    "scheduled": Mark("wait", "amber"),
    "running": Mark("open", "jade"),
    "paused": Mark("pause", "amber"),
    "ended": Mark("done", "slate"),
    # questions and objections
    "waiting": Mark("wait", "amber"),
    "answered": Mark("check", "jade"),
    "unanswered": Mark("minus", "grey"),
    "addendum": Mark("notice", "seal"),
    "filed": Mark("wait", "amber"),
    "rejected": Mark("cross", "grey"),
    "no_effect": Mark("half", "slate"),
    "upheld": Mark("stop", "seal"),
    "escalated": Mark("wait", "amber"),
    "stopped": Mark("pause", "seal"),
    "dismissed": Mark("check", "slate"),
    "sustained": Mark("stop", "seal"),
    "moot": Mark("minus", "grey"),
    # firms and admissions
    "applying": Mark("draft", "grey"),
    "listed": Mark("done", "jade"),
    "suspended": Mark("pause", "seal"),
    "delisted": Mark("minus", "grey"),
    "refused": Mark("cross", "seal"),
    "notice": Mark("notice", "amber"),
    "accepted": Mark("done", "jade"),
    "withdrawn": Mark("minus", "grey"),
    # entries, qualifications, eligibility
    "entered": Mark("lock", "jade"),
    "valid": Mark("check", "jade"),
    "invalid": Mark("cross", "seal"),
    "won": Mark("seal", "seal"),
    "lost": Mark("minus", "grey"),
    "eligible": Mark("check", "jade"),
    "ineligible": Mark("cross", "seal"),
    "lapsed": Mark("stop", "seal"),
    "lapsing": Mark("warn", "amber"),
    # experts
    "seat_drawn": Mark("wait", "amber"),
    "seat_accepted": Mark("half", "slate"),
    "seat_submitted": Mark("check", "jade"),
    "seat_declined": Mark("minus", "grey"),
    "seat_conflict": Mark("stop", "grey"),
    "seat_absent": Mark("cross", "seal"),
    # payments
    "requested": Mark("wait", "amber"),
    "remitted": Mark("half", "slate"),
    "paid": Mark("done", "jade"),
    "payment_returned": Mark("back", "seal"),
    "payment_withdrawn": Mark("minus", "grey"),
    "refunded": Mark("back", "slate"),
    "pay_open": Mark("open", "amber"),
    "pay_closed": Mark("minus", "grey"),
    "surplus": Mark("warn", "seal"),
    "settled": Mark("seal", "jade"),
    "refund_pending": Mark("wait", "amber"),
    "refund_done": Mark("check", "slate"),
    "refund_failed": Mark("cross", "seal"),
    "transfer_sent": Mark("wait", "amber"),
    "transfer_presumed": Mark("wait", "amber"),
    "transfer_confirmed": Mark("check", "jade"),
    "transfer_denied": Mark("cross", "seal"),
    # contracts
    "contract_draft": Mark("draft", "grey"),
    "contract_proposed": Mark("wait", "amber"),
    "contract_agreed": Mark("seal", "amber"),
    "contract_running": Mark("open", "jade"),
    "contract_suspended": Mark("pause", "amber"),
    "contract_completed": Mark("done", "jade"),
    "contract_terminated": Mark("stop", "grey"),
    "contract_abandoned": Mark("cross", "seal"),
    "contract_revoked": Mark("minus", "grey"),
    "sealed": Mark("seal", "seal"),
    "unsealed": Mark("draft", "grey"),
    "milestone_planned": Mark("draft", "grey"),
    "milestone_working": Mark("open", "slate"),
    "milestone_submitted": Mark("wait", "amber"),
    "milestone_returned": Mark("back", "seal"),
    "milestone_accepted": Mark("check", "jade"),
    "milestone_cancelled": Mark("minus", "grey"),
    "early_waiting": Mark("wait", "amber"),
    "early_refused": Mark("cross", "seal"),
    "early_expired": Mark("stop", "grey"),
    "supplement_waiting": Mark("seal", "amber"),
    "supplement_in_force": Mark("check", "jade"),
    "supplement_withdrawn": Mark("minus", "grey"),
    "supplement_lapsed": Mark("stop", "grey"),
    "matter_open": Mark("wait", "amber"),
    "matter_agreed": Mark("check", "jade"),
    "matter_refused": Mark("cross", "seal"),
    "matter_withdrawn": Mark("minus", "grey"),
    "matter_done": Mark("done", "slate"),
    # approval cases
    "case_planned": Mark("draft", "grey"),
    "case_received": Mark("wait", "amber"),
    "case_correction": Mark("back", "seal"),
    "case_accepted": Mark("half", "slate"),
    "case_special": Mark("pause", "slate"),
    "case_suspended": Mark("pause", "amber"),
    "case_granted": Mark("done", "jade"),
    "case_refused": Mark("cross", "seal"),
    "case_not_accepted": Mark("stop", "grey"),
    "case_withdrawn": Mark("minus", "grey"),
    # the catalogue
    "mandatory": Mark("check", "slate"),
    "self": Mark("info", "jade"),
    "optional": Mark("minus", "grey"),
    "regional": Mark("info", "slate"),
    "abolished": Mark("stop", "grey"),
    # anything
    "yes": Mark("check", "jade"),
    "no": Mark("cross", "grey"),
    "late": Mark("warn", "seal"),
    "soon": Mark("wait", "amber"),
    "verified": Mark("verify", "jade"),
}

# Messages and notes by their level.
LEVELS: dict[str, Mark] = {
    "debug": Mark("info", "grey"),
    "info": Mark("info", "slate"),
    "success": Mark("done", "jade"),
    "warning": Mark("warn", "amber"),
    "error": Mark("warn", "seal"),
}
