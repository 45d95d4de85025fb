"""The rules of scoring, with their dates. Scores follow from lines and are nobody's to edit."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from core import clock
from ratings.models import ScorePolicy


@admin.register(ScorePolicy)
class ScorePolicyAdmin(admin.ModelAdmin[ScorePolicy]):
    list_display = ("version", "half_life_months", "m", "cap", "return_factor", "valid_from", "valid_to")

    def get_readonly_fields(self, request: HttpRequest, obj: ScorePolicy | None = None) -> list[str]:
        """Of a version that has begun only its end may still be set: a past score stays as it was."""
        if obj is None or not obj.has_begun(clock.now()):
            return []
        return [field.name for field in ScorePolicy._meta.fields if field.name not in {"id", "valid_to"}]

    def has_delete_permission(self, request: HttpRequest, obj: ScorePolicy | None = None) -> bool:
        """Scores were made by it."""
        return False
