"""The terms of evaluations and conduct, with their dates. What was said and decided changes by its own steps only, never here."""

from django.contrib import admin
from django.http import HttpRequest

from ratings.models import ConductPolicy, DeductionRule, EvaluationPolicy


class Kept(admin.ModelAdmin):  # type: ignore[type-arg]
    """Evaluations and deductions stand on it: a new version is added, none is taken away."""

    def has_delete_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False


@admin.register(EvaluationPolicy)
class EvaluationPolicyAdmin(Kept):
    list_display = ("version", "unit", "edit", "reply", "burst_count", "valid_from", "valid_to")


@admin.register(ConductPolicy)
class ConductPolicyAdmin(Kept):
    list_display = ("version", "unit", "state", "appeal", "repair_after_days", "valid_from", "valid_to")


@admin.register(DeductionRule)
class DeductionRuleAdmin(Kept):
    list_display = ("kind", "points", "months", "listed", "valid_from", "valid_to")
    list_filter = ("kind",)
