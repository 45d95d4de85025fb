"""Addresses of approval cases: the desks of departments, applicants and regulators."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from approvals.views import applications, cases, clients, department, early, results, tables


class CaseCode(StringConverter):
    """A case's code, `K202611250001`."""

    regex = r"K[0-9]{12,17}"


class ApplicationCode(StringConverter):
    """An application's code, `B202611250001`."""

    regex = r"B[0-9]{12,17}"


class TableKind(StringConverter):
    """Which table: what happened to cases, or the national one."""

    regex = r"events|national"


class CaseStep(StringConverter):
    """A step of a case."""

    regex = r"[a-z]{3,12}(-[a-z]{3,6})?"


register_converter(CaseCode, "case")
register_converter(ApplicationCode, "application")
register_converter(TableKind, "table")
register_converter(CaseStep, "case_step")

app_name = "approvals"

urlpatterns = [
    path("desk/applications/", applications.applications, name="applications"),
    path("desk/applications/new/", applications.new, name="application_new"),
    path("desk/applications/<application:code>/", applications.application, name="application"),
    path("desk/applications/<application:code>/material/", applications.hand_in, name="hand_in"),
    path("desk/cases/", department.cases, name="cases"),
    path("desk/cases/register/", department.register, name="register"),
    path("desk/cases/tables/", tables.tables, name="tables"),
    path("desk/cases/tables/<table:kind>.csv", tables.export, name="table_export"),
    path("desk/cases/tables/<table:kind>/", tables.import_table, name="table_import"),
    path("desk/cases/early/", early.early, name="early"),
    path("desk/cases/clients/", clients.clients, name="clients"),
    path("desk/cases/clients/<int:pk>/revoke/", clients.revoke, name="revoke_client"),
    path("desk/cases/material/<int:pk>/", cases.material, name="material"),
    path("desk/cases/<case:code>/", cases.case, name="case"),
    path("desk/cases/results/<int:pk>/", results.file, name="result"),
    path("desk/cases/<case:code>/results/", results.issue, name="result_issue"),
    path("desk/cases/<case:code>/results/collect/", results.collect, name="collect"),
    path("desk/applications/<application:code>/collect/", results.collect_all, name="collect_all"),
    path("desk/cases/<case:code>/refile/", cases.refile, name="refile"),
    path("desk/cases/<case:code>/events/<int:number>/", cases.correct, name="correct"),
    path("desk/cases/<case:code>/step/<case_step:step>/", cases.step, name="step"),
]
