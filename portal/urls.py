"""Addresses of the portal."""

from django.urls import path
from django.views.generic import TemplateView

from portal import views

app_name = "portal"

urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("check/", views.check, name="check"),
    path("about/", views.about, name="about"),
    path("desk/", views.desk, name="desk"),
    path("desk/department/", views.department_desk, name="department_desk"),
    path("robots.txt", TemplateView.as_view(template_name="robots.txt", content_type="text/plain"), name="robots"),
]
