"""Addresses of rounds: what everybody may read, and the desks."""

from django.urls import include, path, register_converter
from django.urls.converters import StringConverter

from bidding.views import (
    auction,
    consortia,
    custody,
    experts,
    firm,
    marking,
    notices,
    objections,
    operator,
    proposals,
    public,
    questions,
    regulator,
    stops,
    walking,
)
from bidding.views.verify import verify


class RoundCode(StringConverter):
    """A round's code, `R202611220001`."""

    regex = r"R[0-9]{12,17}"


class WizardStep(StringConverter):
    """A step of the wizard."""

    regex = r"method|terms|review"


register_converter(RoundCode, "round")
register_converter(WizardStep, "step")

app_name = "bidding"

urlpatterns = [
    path("rounds/", public.rounds, name="rounds"),
    path("rounds/historical/<word:code>/", public.history_round, name="history_round"),
    path("rounds/<round:code>/", public.round_page, name="round"),
    path("rounds/<round:code>/live/", public.live, name="live"),
    path("rounds/<round:code>/record.json", public.record, name="record"),
    path("rounds/<round:code>/verify/", verify, name="verify"),
    path("rounds/<round:code>/qr.svg", notices.qr, name="qr"),
    path("rounds/<round:code>/notice/", notices.notice, name="notice"),
    path("rounds/<round:code>/award/", notices.award, name="award"),
    path("rounds/<round:code>/auction/<word:lot>/", auction.room, name="auction"),
    path("rounds/<round:code>/auction/<word:lot>/state", auction.state, name="auction_state"),
    path("rounds/<round:code>/auction/<word:lot>/mine/", auction.mine, name="auction_mine"),
    path("rounds/<round:code>/auction/<word:lot>/pause/", auction.pause, name="auction_pause"),
    path("rounds/<round:code>/auction/<word:lot>/resume/", auction.resume, name="auction_resume"),
    path("custodian/", custody.custodian, name="custodian"),
    path("custodian/stock", custody.keys_in_stock, name="custodian_stock"),
    path("custodian/release", custody.release, name="custodian_release"),
    path("rounds/<round:code>/questions/", questions.questions, name="questions"),
    path("desk/firm/rounds/", firm.desk, name="firm_desk"),
    path("desk/firm/entries/", firm.entries, name="entries"),
    path("desk/firm/rounds/<round:code>/", firm.enter, name="enter"),
    path("desk/firm/rounds/<round:code>/receipt/", firm.receipt, name="receipt"),
    path("desk/firm/rounds/<round:code>/withdraw/", firm.withdraw, name="withdraw"),
    path("desk/firm/rounds/<round:code>/ask/", questions.ask, name="ask"),
    path("desk/firm/rounds/<round:code>/consortium/", consortia.propose, name="consortium_propose"),
    path("desk/firm/consortia/", consortia.consortia, name="consortia"),
    path("desk/firm/consortia/<word:key>/", consortia.consortium, name="consortium"),
    path("desk/firm/consortia/<word:key>/answer/", consortia.answer, name="consortium_answer"),
    path("desk/firm/consortia/<word:key>/dissolve/", consortia.dissolve, name="consortium_dissolve"),
    path("desk/rounds/<round:code>/questions/<int:number>/", questions.answer, name="answer"),
    path("desk/rounds/<round:code>/object/", objections.object_to, name="object_to"),
    path("desk/rounds/<round:code>/recusal/", stops.contest, name="contest"),
    path("desk/regulator/stops/<int:pk>/", stops.stop, name="stop"),
    path("desk/objections/<word:code>/", objections.objection, name="objection"),
    path("desk/objections/<word:code>/files/<int:number>/", objections.file, name="objection_file"),
    path("desk/objections/<word:code>/answer/", objections.answer, name="objection_answer"),
    path("desk/objections/<word:code>/escalate/", objections.escalate, name="objection_escalate"),
    path("desk/objections/<word:code>/decide/", objections.decide, name="objection_decide"),
    path("desk/rounds/<round:code>/<word:lot>/walk-away/", walking.walk_away, name="walk_away"),
    path("desk/operator/", operator.desk, name="operator_desk"),
    path("desk/operator/rounds/<round:code>/", operator.check, name="check"),
    path("desk/operator/rounds/<round:code>/announce/", operator.announce, name="announce"),
    path("desk/operator/rounds/<round:code>/return/", operator.send_back, name="return"),
    path("desk/operator/rounds/<round:code>/cancel/", operator.cancel, name="cancel"),
    path("desk/operator/rounds/<round:code>/withdraw/", operator.withdraw_for, name="withdraw_for"),
    path("desk/operator/experts/", experts.experts, name="experts"),
    path("desk/operator/experts/add/", experts.add, name="expert_add"),
    path("desk/operator/experts/<word:code>/", experts.expert, name="expert"),
    path("desk/expert/", marking.desk, name="expert_desk"),
    path("desk/expert/rounds/<round:code>/<word:lot>/", marking.mark, name="mark"),
    path("desk/expert/rounds/<round:code>/<word:lot>/<int:number>/<int:file>/", proposals.of_expert, name="mark_file"),
    path("desk/regulator/", regulator.desk, name="regulator_desk"),
    path("desk/owner/", include("bidding.urls_wizard")),
]
