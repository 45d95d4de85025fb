"""The policies of rounds. Rounds, entries, draws and awards are nobody's to edit, nor to look at from behind."""

from django.contrib import admin
from django.http import HttpRequest

from bidding.models import Policy


@admin.register(Policy)
class PolicyAdmin(admin.ModelAdmin[Policy]):
    list_display = ("version", "unit", "notice_minimum", "candidate_notice", "valid_from", "valid_to")

    def has_delete_permission(self, request: HttpRequest, obj: Policy | None = None) -> bool:
        """Rounds have promised it."""
        return False
