"""Filters of lists of cases."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from approvals.models import ApprovalItem, Case
from core import clock

URGENCY = [("late", _("已超期")), ("overdue", _("超过法定时限")), ("soon", _("临期")), ("still", _("停止计时"))]


class CaseFilter(django_filters.FilterSet):
    """By a part of project or number, by item, by status, and by what the clock says."""

    q = django_filters.CharFilter(method="found", label=_("项目名称或编号"), max_length=60)
    item = django_filters.ModelChoiceFilter(
        queryset=ApprovalItem.objects.order_by("code"), to_field_name="code", label=_("审批事项"), empty_label=_("全部")
    )
    status = django_filters.ChoiceFilter(choices=Case.Status.choices, label=_("状态"), empty_label=_("全部"))
    urgency = django_filters.ChoiceFilter(choices=URGENCY, method="pressing", label=_("时限"), empty_label=_("全部"))

    class Meta:
        model = Case
        fields: list[str] = []

    def found(self, rows: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        words = value.replace("\x00", "").strip()
        exact = Q(code=words.upper()) | Q(external_code=words) | Q(project_code=words.upper())
        return rows.filter(exact | Q(project_name__icontains=words)) if words else rows

    def pressing(self, rows: QuerySet[Case], name: str, value: str) -> Any:
        now = clock.now()
        match value:
            case "late":
                return rows.late(now=now)  # type: ignore[attr-defined]
            case "overdue":
                return rows.filter(statutory_due_at__lte=now)
            case "soon":
                return rows.soon(now=now)  # type: ignore[attr-defined]
        return rows.standing_still()  # type: ignore[attr-defined]
