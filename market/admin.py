"""The catalogue and the rules, with their dates. Firms and their material change by admission only, never here."""

from django.contrib import admin

from market.models import AdmissionPolicy, NeedRule, QualificationKind, Service, ServiceVersion


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


@admin.register(NeedRule)
class NeedRuleAdmin(admin.ModelAdmin[NeedRule]):
    list_display = ("code", "effect", "valid_from", "valid_to", "legal_basis")
    list_filter = ("effect",)


@admin.register(AdmissionPolicy)
class AdmissionPolicyAdmin(admin.ModelAdmin[AdmissionPolicy]):
    list_display = ("version", "check_days", "notice_days", "valid_from", "valid_to")
