"""Addresses of an owner's projects and needs, under desk/owner/."""

from django.urls import path

from market.views import projects

urlpatterns = [
    path("projects/", projects.projects, name="projects"),
    path("projects/new/", projects.project_new, name="project_new"),
    path("projects/<str:code>/", projects.project, name="project"),
    path("projects/<str:code>/edit/", projects.project_edit, name="project_edit"),
    path("projects/<str:code>/need/", projects.need_new, name="need_new"),
    path("needs/<str:code>/", projects.need_edit, name="need_edit"),
]
