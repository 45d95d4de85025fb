"""Addresses of an owner's projects and needs, under desk/owner/."""

from django.urls import path

from market.views import projects

urlpatterns = [
    path("projects/", projects.projects, name="projects"),
    path("projects/new/", projects.project_new, name="project_new"),
    path("projects/<word:code>/", projects.project, name="project"),
    path("projects/<word:code>/edit/", projects.project_edit, name="project_edit"),
    path("projects/<word:code>/need/", projects.need_new, name="need_new"),
    path("projects/<word:code>/reuse/<word:service>/", projects.reuse, name="reuse"),
    path("reuses/<int:pk>/end/", projects.reuse_end, name="reuse_end"),
    path("needs/<word:code>/", projects.need_edit, name="need_edit"),
]
