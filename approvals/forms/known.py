"""What the rows of a table name — items, applicants, districts — read at once for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Q

from accounts.models import OWNER_KINDS, Organisation
from approvals.models import ApprovalItem, District
from core.identifiers import normalise_uscc


@dataclass(frozen=True, kw_only=True)
class Known:
    """By the codes that rows use."""

    items: Mapping[str, ApprovalItem]
    districts: Mapping[str, District]
    owners: Mapping[str, Organisation]

    @classmethod
    def to(cls, rows: Iterable[Mapping[str, str]]) -> Known:
        """Three queries, however many rows."""
        told = list(rows)

        def named(*columns: str) -> set[str]:
            return {str(row.get(column, "")).strip() for row in told for column in columns} - {""}

        codes = {normalise_uscc(each) for each in named("applicant")}
        owners = Organisation.objects.filter(Q(uscc__in=codes) | Q(code__in=codes), kind__in=OWNER_KINDS)
        by_code: dict[str, Organisation] = {}
        for each in owners:
            if each.code:
                by_code.setdefault(each.code, each)
        by_code |= {each.uscc: each for each in owners if each.uscc in codes}
        return cls(
            items={each.code: each for each in ApprovalItem.objects.filter(code__in=named("item"))},
            districts={
                each.code: each for each in District.objects.filter(code__in=named("district", "filed_in"))
            },
            owners=by_code,
        )  # fmt: skip


class KnownChoice(forms.ModelChoiceField[Any]):
    """A choice by its code, from what was read for the whole table where there is one, else asked for."""

    known: Mapping[str, Any] | None = None

    def to_python(self, value: Any) -> Any:
        if self.known is None or value in self.empty_values:
            return super().to_python(value)
        found = self.known.get(str(value).strip())
        if found is None:
            raise forms.ValidationError(
                self.error_messages["invalid_choice"], code="invalid_choice", params={"value": value}
            )
        return found
