"""The catalogue and the rules, with their dates. Firms and their material change by admission only, never here."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from core import changes
from core.uploads import CheckedFileField, sha256_of
from market.models import (
    AdmissionPolicy,
    NeedRule,
    QualificationKind,
    Region,
    RegionalAssessment,
    Service,
    ServiceVersion,
)


@admin.register(QualificationKind)
class QualificationKindAdmin(admin.ModelAdmin[QualificationKind]):
    list_display = ("code", "name", "valid_from", "valid_to", "successor")
    search_fields = ("code", "name")


class VersionInline(admin.StackedInline[ServiceVersion, Service]):
    model = ServiceVersion
    extra = 0


@admin.register(Service)
class ServiceAdmin(admin.ModelAdmin[Service]):
    list_display = ("code", "name", "successor")
    search_fields = ("code", "name")
    inlines = (VersionInline,)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Its versions say how many days are the guideline: whoever measures by them is told."""
        super().save_related(request, form, formsets, change)
        changes.recorded(f"service/{form.instance.code}")


@admin.register(NeedRule)
class NeedRuleAdmin(admin.ModelAdmin[NeedRule]):
    list_display = ("code", "effect", "valid_from", "valid_to", "legal_basis")
    list_filter = ("effect",)


@admin.register(AdmissionPolicy)
class AdmissionPolicyAdmin(admin.ModelAdmin[AdmissionPolicy]):
    list_display = ("version", "check_days", "notice_days", "valid_from", "valid_to")


@admin.register(Region)
class RegionAdmin(admin.ModelAdmin[Region]):
    list_display = ("code", "name", "district")
    search_fields = ("code", "name")


class AssessmentForm(forms.ModelForm[RegionalAssessment]):
    file = CheckedFileField(label=RegionalAssessment._meta.get_field("file").verbose_name)


@admin.register(RegionalAssessment)
class RegionalAssessmentAdmin(admin.ModelAdmin[RegionalAssessment]):
    """A result that was used stays as it is: a new one gets a row of its own."""

    form = AssessmentForm
    list_display = ("code", "title", "region", "service", "valid_from", "valid_to")
    list_filter = ("region",)
    readonly_fields = ("sha256", "size")

    def get_readonly_fields(self, request: HttpRequest, obj: RegionalAssessment | None = None) -> tuple[str, ...]:
        return (*self.readonly_fields, *(("file", "code", "service", "region") if obj is not None else ()))

    def save_model(self, request: HttpRequest, obj: RegionalAssessment, form: Any, change: bool) -> None:
        if not change:
            obj.sha256, obj.size = sha256_of(obj.file), obj.file.size
        super().save_model(request, obj, form, change)
