"""Districts, departments and approval items: dated data, edited by adding versions."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from approvals.models import ApprovalItem, Department, DepartmentBody, District, Function, ItemVersion
from core import changes


@admin.register(District)
class DistrictAdmin(admin.ModelAdmin[District]):
    list_display = ("code", "name", "kind")


@admin.register(Function)
class FunctionAdmin(admin.ModelAdmin[Function]):
    list_display = ("code", "name", "valid_from", "valid_to", "successor")


class BodyInline(admin.TabularInline[DepartmentBody, Department]):
    model = DepartmentBody
    extra = 0
    autocomplete_fields = ("organisation",)


@admin.register(Department)
class DepartmentAdmin(admin.ModelAdmin[Department]):
    list_display = ("code", "organisation", "district", "valid_from", "valid_to")
    list_filter = ("district",)
    search_fields = ("code", "organisation__name")
    autocomplete_fields = ("organisation", "successor")
    inlines = (BodyInline,)


class VersionInline(admin.StackedInline[ItemVersion, ApprovalItem]):
    model = ItemVersion
    extra = 0


@admin.register(ApprovalItem)
class ApprovalItemAdmin(admin.ModelAdmin[ApprovalItem]):
    list_display = ("code", "name", "successor")
    search_fields = ("code", "name")
    inlines = (VersionInline,)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Its versions say how many days a case has: whoever counts them is told."""
        super().save_related(request, form, formsets, change)
        changes.recorded(f"item/{form.instance.code}")
