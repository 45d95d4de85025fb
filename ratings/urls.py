"""Addresses of lines and scores."""

from datetime import date

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from ratings.views import (
    bulletins,
    conduct,
    differences,
    districts,
    evaluations,
    lines,
    public,
    reminders,
    score_files,
    scores,
    standings,
    time,
    trials,
    waiting,
)


class LinesCode(StringConverter):
    """The code of a need, a contract, a case or a project."""

    regex = r"[NCKP][0-9]{12,17}"


class Month:
    """The first day of a month as 2026-10."""

    regex = r"20[0-9]{2}-(?:0[1-9]|1[0-2])"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(f"{value}-01")

    def to_url(self, value: date | str) -> str:
        return value if isinstance(value, str) else f"{value:%Y-%m}"


register_converter(LinesCode, "lines")
register_converter(Month, "month")

app_name = "ratings"

urlpatterns = [
    path("firms/<word:uscc>/score.json", score_files.firm, name="firm_score_file"),
    path("departments/<word:code>/score.json", score_files.department, name="department_score_file"),
    path("firms/<word:uscc>/score/", scores.firm, name="firm_score"),
    path("firms/<word:uscc>/score/part/", scores.firm_part, name="firm_score_part"),
    path("departments/<word:code>/score/", scores.department, name="department_score"),
    path("scores/", scores.league, name="league"),
    path("scores/compare/", scores.compare, name="compare"),
    path("scores/time/", time.time, name="time"),
    path("scores/districts/", districts.districts, name="districts"),
    path("bulletins/", bulletins.bulletins, name="bulletins"),
    path("bulletins/<month:month>/", bulletins.bulletin, name="bulletin"),
    path("bulletins/<month:month>/bulletin.pdf", bulletins.pdf, name="bulletin_pdf"),
    path("bulletins/<month:month>/bulletin.json", bulletins.file, name="bulletin_file"),
    path("bulletins/<month:month>/qr.svg", bulletins.qr, name="bulletin_qr"),
    path("desk/bulletins/", bulletins.desk, name="bulletins_desk"),
    path("desk/bulletins/<month:month>/", bulletins.publish, name="bulletin_publish"),
    path("desk/differences/", differences.departments, name="differences"),
    path("desk/differences/<word:code>/", differences.department, name="difference"),
    path("desk/trials/", trials.trials, name="trials"),
    path("desk/trials/new/", trials.new, name="trial_new"),
    path("desk/trials/<int:pk>/", trials.trial, name="trial"),
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
