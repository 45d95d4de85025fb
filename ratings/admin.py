"""Terms of scores, evaluations and conduct, with their dates. What was scored, said and decided is nobody's to edit here."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from core import clock
from ratings.models import ConductPolicy, DeductionRule, EvaluationPolicy, ScorePolicy


class Kept(admin.ModelAdmin):  # type: ignore[type-arg]
    """Evaluations and deductions stand on it: a new version is added, none is taken away."""

    def has_delete_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False


@admin.register(ScorePolicy)
class ScorePolicyAdmin(Kept):
    list_display = ("version", "half_life_months", "m", "cap", "return_factor", "valid_from", "valid_to")

    def get_readonly_fields(self, request: HttpRequest, obj: ScorePolicy | None = None) -> list[str]:
        """Of a version that has begun only its end may still be set: a past score stays as it was."""
        if obj is None or not obj.has_begun(clock.now()):
            return []
        return [field.name for field in ScorePolicy._meta.fields if field.name not in {"id", "valid_to"}]


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
