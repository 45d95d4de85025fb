"""Opening departments, the service centre and regulators. Encrypted values and passwords are never shown."""

from typing import ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation, User


class NewUserForm(AdminUserCreationForm[User]):
    class Meta:
        model = User
        fields = ("username", "name")


@admin.register(User)
class PersonAdmin(UserAdmin[User]):
    add_form = NewUserForm
    list_display = ("username", "name", "is_active", "is_staff")
    list_filter = ("is_active", "is_staff")
    search_fields = ("username", "name")
    ordering = ("username",)
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password", "name", "email")}),
        (_("职责"), {"fields": ("is_active", "is_staff", "is_superuser")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "name", "usable_password", "password1", "password2")}),)


class MembershipInline(admin.TabularInline[Membership, Organisation]):
    model = Membership
    extra = 0
    autocomplete_fields: ClassVar[tuple[str, ...]] = ("user",)
    fields = ("user", "role", "active_from", "active_until")


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin[Organisation]):
    list_display = ("name", "kind", "uscc", "code")
    list_filter = ("kind",)
    search_fields = ("name", "uscc", "code")
    exclude = ("contact_phone",)
    inlines = (MembershipInline,)
