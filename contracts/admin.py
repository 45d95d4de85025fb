"""The terms and texts of contracts, with their dates. Contracts change by their parties only, never here."""

from django.contrib import admin
from django.http import HttpRequest

from contracts.models import ContractPolicy, ContractTemplate


@admin.register(ContractPolicy)
class ContractPolicyAdmin(admin.ModelAdmin[ContractPolicy]):
    list_display = ("version", "unit", "silence", "raise_percent", "valid_from", "valid_to")

    def has_delete_permission(self, request: HttpRequest, obj: ContractPolicy | None = None) -> bool:
        """Contracts stand on it."""
        return False


@admin.register(ContractTemplate)
class ContractTemplateAdmin(admin.ModelAdmin[ContractTemplate]):
    list_display = ("version", "service", "valid_from", "valid_to")
    list_filter = ("service",)

    def has_delete_permission(self, request: HttpRequest, obj: ContractTemplate | None = None) -> bool:
        """Contracts were made from it."""
        return False
