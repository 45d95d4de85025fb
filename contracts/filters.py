"""The public list of contracts, by words, service and state."""

from __future__ import annotations

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from contracts.models import Contract, ContractLine
from market.filters import CodeFilter
from market.models import Service

PUBLIC_STATUSES = [
    (status.value, status.label)
    for status in (
        Contract.Status.RUNNING,
        Contract.Status.SUSPENDED,
        Contract.Status.COMPLETED,
        Contract.Status.TERMINATED,
        Contract.Status.ABANDONED,
    )
]


class ContractFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="matching", label=_("合同、编号或机构"), max_length=60)
    service = CodeFilter(queryset=Service.objects.order_by("code"), method="of_service", label=_("中介服务"))
    status = django_filters.ChoiceFilter(choices=PUBLIC_STATUSES, label=_("状态"), empty_label=_("全部"))

    class Meta:
        model = Contract
        fields: list[str] = []

    def of_service(self, rows: QuerySet[Contract], name: str, value: Service) -> QuerySet[Contract]:
        """Those of a service, first or of a further line; where no contract has such a line, the index on the first does it."""
        further = ContractLine.objects.filter(service=value, number__gt=1)
        if not further.exists():
            return rows.filter(service=value)
        return rows.filter(Q(service=value) | Q(pk__in=further.values("contract")))

    def matching(self, rows: QuerySet[Contract], name: str, value: str) -> QuerySet[Contract]:
        words = " ".join(value.split()).replace("\x00", "")
        return rows.filter(
            Q(title__icontains=words) | Q(code__iexact=words) | Q(firm__organisation__name__icontains=words)
        )
