"""Addresses of the public log: those of PROTOCOL §1 for programs, and pages for people."""

from django.urls import path, re_path

from ledger import api, views

app_name = "ledger"

NUMBER = r"(?P<number>(?:x[0-9]{3}/){0,6}[0-9]{3})"
PARTIAL = r"\.p/(?P<width>[1-9][0-9]{0,2})"

urlpatterns = [
    path("", views.log, name="log"),
    path("entries/<int:index>/", views.entry, name="entry"),
    path("receipt/", views.receipt, name="receipt"),
    path("vkey", api.vkey, name="vkey"),
    path("witnesses", api.witnesses, name="witnesses"),
    path("checkpoint", api.checkpoint, name="checkpoint"),
    path("cosignature", api.cosignature, name="cosignature"),
    re_path(rf"^tile/entries/{NUMBER}$", api.entries, name="entries"),
    re_path(rf"^tile/entries/{NUMBER}{PARTIAL}$", api.entries, name="entries"),
    re_path(rf"^tile/(?P<level>[0-7])/{NUMBER}$", api.tile, name="tile"),
    re_path(rf"^tile/(?P<level>[0-7])/{NUMBER}{PARTIAL}$", api.tile, name="tile"),
    path("proof/inclusion", api.inclusion, name="inclusion"),
    path("proof/consistency", api.consistency, name="consistency"),
]
