"""The staff's back room: only for people of the service itself, with a second factor."""

from django.contrib.admin.apps import AdminConfig


class StaffAdminConfig(AdminConfig):
    default_site = "django_otp.admin.OTPAdminSite"
