"""Addresses of lines and scores."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from ratings.views import lines, reminders, score_files, scores


class LinesCode(StringConverter):
    """The code of a need, a contract, a case or a project."""

    regex = r"[NCKP][0-9]{12,17}"


register_converter(LinesCode, "lines")

app_name = "ratings"

urlpatterns = [
    path("firms/<word:uscc>/score.json", score_files.firm, name="firm_score_file"),
    path("departments/<word:code>/score.json", score_files.department, name="department_score_file"),
    path("firms/<word:uscc>/score/", scores.firm, name="firm_score"),
    path("firms/<word:uscc>/score/part/", scores.firm_part, name="firm_score_part"),
    path("departments/<word:code>/score/", scores.department, name="department_score"),
    path("scores/", scores.league, name="league"),
    path("scores/compare/", scores.compare, name="compare"),
    path("lines/<lines:code>/", lines.lines, name="lines"),
    path("lines/<lines:code>/part/", lines.part, name="part"),
    path("desk/reminders/", reminders.reminders, name="reminders"),
    path("desk/reminders/part/", reminders.reminders_part, name="reminders_part"),
]
