"""Addresses of lines and scores."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from ratings.views import conduct, evaluations, lines, public, reminders, score_files, scores, standings, waiting


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
    path("desk/waiting/part/", waiting.part, name="waiting_part"),
    path("desk/standing/part/", standings.part, name="standing_part"),
    path("desk/evaluations/", evaluations.desk, name="evaluations"),
    path("desk/evaluations/bursts/", evaluations.bursts, name="bursts"),
    path("desk/evaluations/of/<word:contract>/<int:number>/", evaluations.evaluate, name="evaluate"),
    path("desk/evaluations/<word:code>/", evaluations.evaluation, name="evaluation"),
    path("desk/evaluations/<word:code>/evidence/", evaluations.evidence, name="evidence"),
    path("desk/evaluations/<word:code>/reply/", evaluations.reply, name="reply"),
    path("desk/conduct/", conduct.desk, name="deductions"),
    path("desk/conduct/report/", conduct.report, name="report"),
    path("desk/conduct/<word:code>/", conduct.deduction, name="deduction"),
    path("desk/conduct/<word:code>/<slug:step>/", conduct.step, name="deduction_step"),
    path("desk/conduct/<word:code>/files/<int:event>/<int:number>/", conduct.file, name="deduction_file"),
    path("conduct/", public.red_and_black, name="lists"),
    path("firms/<word:uscc>/evaluations/", public.firm, name="firm_evaluations"),
    path("firms/<word:uscc>/evaluations/part/", public.firm_part, name="firm_evaluations_part"),
]
