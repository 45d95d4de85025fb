"""The page of each rule: what became of its leads, and its figures tried before they change."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import WRITERS, Kind
from accounts.rules import ActingRequest, acting_as
from core import clock
from core.errors import DomainError, NotAllowed
from core.ratelimit import by_user, limited
from oversight.domain import trying
from oversight.domain.access import tied_to
from oversight.domain.measuring import Record, records
from oversight.forms.alerts import ChangeForm, TrialForm
from oversight.models import RuleParameter
from oversight.precision import Precision
from oversight.rule_words import TITLES, about, title_of

BACK = (0, 182, 365)
"""Days ago on which a figure is tried."""


@require_safe
@acting_as(Kind.REGULATOR)
@never_cache
def rules(request: ActingRequest) -> HttpResponse:
    """Every rule with how many leads it gave and how many were right."""
    known = records(list(TITLES))
    rows = [(rule, title, known[rule], share_of(known[rule].precision)) for rule, title in TITLES.items()]
    return render(request, "oversight/rules.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.REGULATOR)
@never_cache
@limited("rules", "240/h", by=by_user, methods=("GET", "POST"))
def rule(request: ActingRequest, code: str) -> HttpResponse:
    """One rule; with `name` and `value` what another figure would do, and by POST a figure that shall hold."""
    if code not in TITLES:
        raise Http404
    names = [(name, label) for (of, name), label in trying.NAMES.items() if of == code]
    today = clock.now().astimezone(clock.LOCAL).date()
    context: dict[str, Any] = _context(code, names, today)
    context["may_write"] = request.membership.role in WRITERS
    if not names:
        return render(request, "oversight/rule.html", context)
    if request.method == "POST":
        return _change(request, code, context, names)
    asked = "value" in request.GET
    form = TrialForm(request.GET if asked else None, names=names, auto_id="id_try_%s")
    context["trying"] = form
    if asked and form.is_valid():
        name, value = form.cleaned_data["name"], form.cleaned_data["value"]
        days = [today - timedelta(days=back) for back in BACK]
        try:
            context["trials"] = trying.try_value(code, name, value, days=days)
        except DomainError as refused:
            form.add_error(refused.code if refused.code in form.fields else None, str(refused))
        else:
            context |= _tried(request, context["trials"][0], name, value, names, today)
    return render(request, "oversight/rule.html", context, status=422 if form.errors else 200)


def _change(request: ActingRequest, code: str, context: dict[str, Any], names: list[tuple[str, Any]]) -> HttpResponse:
    form = ChangeForm(request.POST, names=names, auto_id="id_change_%s")
    status = 422
    if form.is_valid():
        try:
            trying.set_value(rule=code, by=request.membership, **form.cleaned_data)
        except DomainError as refused:
            form.add_error(refused.code if refused.code in form.fields else None, str(refused))
            status = 403 if isinstance(refused, NotAllowed) else 409
        else:
            messages.success(request, _("已记录。新的取值从生效日期起的下一次夜间扫描开始使用。"))
            return redirect("oversight:rule", code=code)
    context |= {"trying": TrialForm(names=names, auto_id="id_try_%s"), "changing": form}
    return render(request, "oversight/rule.html", context, status=status)


def _context(code: str, names: list[tuple[str, Any]], today: date) -> dict[str, Any]:
    record: Record = records([code])[code]
    return {
        "code": code,
        "title": title_of(code),
        "about": about(code),
        "record": record,
        "share": share_of(record.precision),
        "figures": [(label, trying.value_at(code, name, today)) for name, label in names],
        "history": RuleParameter.objects.filter(rule=code).order_by("-valid_from", "name")[:20],
    }


def _tried(
    request: ActingRequest, trial: trying.Trial, name: str, value: Any, names: list[tuple[str, Any]], today: date
) -> dict[str, Any]:
    """Whom it would concern today, and the form that lets it hold."""
    some = [*trial.more[: trying.SHOWN], *trial.less[: trying.SHOWN]]
    hidden, firms = tied_to(request.user), trying.firms_of(some)

    def shown(pairs: list[trying.Pair]) -> list[Any]:
        return [firms[firm] for firm, _department in pairs[: trying.SHOWN] if firms[firm].organisation_id not in hidden]

    initial = {"name": name, "value": value, "valid_from": today + timedelta(days=1)}
    return {
        "more": shown(trial.more),
        "less": shown(trial.less),
        "tried": value,
        "changing": ChangeForm(initial=initial, names=names, auto_id="id_change_%s"),
    }


def share_of(found: Precision) -> dict[str, str] | None:
    """A precision and its interval as per cent, with one place."""
    if found.share is None:
        return None
    return {name: _percent(value) for name, value in (("share", found.share), ("low", found.low), ("high", found.high))}


def _percent(thousandths: int) -> str:
    return f"{thousandths // 10}.{thousandths % 10} %"
