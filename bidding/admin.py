"""The policies of rounds. Rounds, entries, draws and awards are nobody's to edit, nor to look at from behind."""

from django.contrib import admin
from django.http import HttpRequest

from bidding.models import Policy, TracePolicy


@admin.register(Policy)
class PolicyAdmin(admin.ModelAdmin[Policy]):
    list_display = ("version", "unit", "notice_minimum", "candidate_notice", "valid_from", "valid_to")

    def has_delete_permission(self, request: HttpRequest, obj: Policy | None = None) -> bool:
        """Rounds have promised it."""
        return False


@admin.register(TracePolicy)
class TracePolicyAdmin(admin.ModelAdmin[TracePolicy]):
    list_display = ("valid_from", "valid_to", "keep_days", "window_hours")

    def has_delete_permission(self, request: HttpRequest, obj: TracePolicy | None = None) -> bool:
        """Entries were taken under it."""
        return False
