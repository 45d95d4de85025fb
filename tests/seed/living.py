"""Living an imagined life through the functions that people and time use, at the very moments that it names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

from django.core.files.base import ContentFile

from approvals.domain import cases, windows
from approvals.domain.windows import Wanted
from approvals.models import Case, CaseEvent
from bidding.domain import closing, entries, opening, rounds
from bidding.models import Award, Round
from contracts.document import text_hash
from contracts.domain import delivering, drafting, filing, matters, sealing
from contracts.models import Contract, Deliverable
from core import clock
from market.domain import projects
from market.models import Need, Project
from portal.seed.bulk.fulfilling import MATTERS
from portal.seed.bulk.life import Act, Announcement, Life, Offer
from portal.seed.bulk.selecting import NOTICE_DAYS
from portal.seed.city import City
from portal.seed.papers import PDF, plain_page
from protocol.seal import seal_bid

SECOND = timedelta(seconds=1)
Event = CaseEvent.Kind


class Living:
    """One life, step by step, up to now."""

    def __init__(self, life: Life, city: City, attend: Callable[[], None], *, now: datetime) -> None:
        self.life, self.city, self.attend, self.now = life, city, attend, now

    def live(self) -> Need:
        round_: Round | None = None
        for told in self.life.announcements:
            round_ = self._round(told, before=round_)
        assert round_ is not None
        self.round = round_
        for act in self.life.contract:
            with clock.travelling(act.at):
                self._contract(act)
        for act in self.life.case:
            with clock.travelling(act.at):
                self._case(act)
        return round_.need

    # --- the round

    def _round(self, told: Announcement, *, before: Round | None) -> Round:
        life = self.life
        with clock.travelling(told.drafted):
            if before is None:
                round_ = rounds.draft_round(need=self._need(), by=life.owner)
                rounds.edit_round(
                    round_id=round_.pk, method="lowest", parameters={"upper": f"{life.budget:.2f}"},
                    notice_length=NOTICE_DAYS, by=life.owner,
                )  # fmt: skip
            else:
                round_ = rounds.announce_again(round_id=before.pk, by=life.owner)
        with clock.travelling(told.submitted):
            rounds.submit_round(round_id=round_.pk, by=life.owner)
        with clock.travelling(told.announced):
            self.attend()
            round_ = rounds.announce_round(round_id=round_.pk, by=life.operator)
            self.attend()
        for offer in sorted(told.offers, key=lambda each: each.at):
            with clock.travelling(offer.at):
                self._enter(round_, offer)
        assert round_.closes_at is not None
        return self._decided(round_)

    def _decided(self, round_: Round) -> Round:
        closed = round_.closes_at
        assert closed is not None
        steps = (closing.close_round, opening.open_round, closing.evaluate_round, closing.publish_candidate)
        for number, step in enumerate(steps):
            with clock.travelling(closed + 2 * number * SECOND):
                round_ = step(round_id=round_.pk, now=clock.now())
                self.attend()
        until = round_.candidate_until
        if round_.status == Round.Status.CANDIDATE and until is not None and until <= self.now:
            with clock.travelling(until):
                round_ = closing.award_round(round_id=round_.pk, now=until)
        return round_

    def _need(self) -> Need:
        life = self.life
        project = projects.save_project(
            by=life.owner,
            project=Project(
                name=life.project, district=life.district, address=life.address, funding=life.funding,
                description="演示项目，名称与地址均为虚构。",
            ),
        )  # fmt: skip
        version = life.service.version_at(clock.now().astimezone(clock.LOCAL).date())
        assert version is not None
        need = Need(
            project=project, service=life.service, item=life.item, title=f"{life.project}{life.service.name}",
            requirement=life.requirement, budget=life.budget, days=life.days,
        )  # fmt: skip
        kinds = [(kind, "") for kind in version.qualification_kinds.all()]
        return projects.save_need(by=life.owner, need=need, qualifications=kinds)

    def _enter(self, round_: Round, offer: Offer) -> None:
        bid = seal_bid(
            round=round_.code, lot="1", uscc=offer.firm.uscc, platform=round_.platform_public,
            custodian=round_.custodian_public, amount=offer.amount, days=offer.days,
        )  # fmt: skip
        entries.submit_envelope(
            round_id=round_.pk, firm=offer.firm, user=offer.user, sealed=bid.envelope, token_sha256=bid.token_sha256
        )

    # --- the contract

    def _contract(self, act: Act) -> None:
        owner, firm, more = self.life.owner, self.life.firm, act.more
        if act.kind == "drafted":
            drafting.draft_contract(award_id=Award.objects.get(lot__round=self.round).pk, now=act.at)
            return
        contract = Contract.objects.latest("pk")
        last = contract.milestones.filter(delivers=True).latest("number")
        found = Deliverable.objects.filter(milestone=last).last() or Deliverable()
        text = text_hash(contract)
        match act.kind:
            case "proposed":
                drafting.propose_contract(contract_id=contract.pk, by=owner)
            case "agreed":
                drafting.agree_to_contract(contract_id=contract.pk, text_sha256=text, by=firm)
            case "sealed":
                by = owner if more["side"] == "owner" else firm
                sealing.seal_contract(contract_id=contract.pk, text_sha256=text, by=by)
            case "filed":
                filing.file_contract(contract_id=contract.pk, by=self.life.operator)
            case "put" | "answered" | "finished":
                self._matter(contract, act)
            case "abandoned":
                matters.abandon_contract(contract_id=contract.pk, reason=more["words"], by=owner)
            case "submitted":
                content = ContentFile(plain_page(f"{act.at} (demonstration)"))
                delivering.submit_deliverable(
                    milestone_id=last.pk, content=content, kind=PDF, by=firm, note=more["note"]
                )
            case "returned":
                delivering.return_deliverable(deliverable_id=found.pk, by=owner, **more)
            case "accepted":
                delivering.accept_deliverable(deliverable_id=found.pk, by=owner)
            case "accepted-silently":
                delivering.accept_by_silence(deliverable_id=found.pk, now=act.at)
            case _:
                raise AssertionError(act.kind)

    def _matter(self, contract: Contract, act: Act) -> None:
        owner, firm, more = self.life.owner, self.life.firm, act.more
        if act.kind == "put":
            is_input = more["matter"] == "input"
            matters.propose_matter(
                contract_id=contract.pk, kind=MATTERS[more["matter"]], words=more["words"],
                charged_to="" if is_input else more["charged_to"], by=firm if is_input else owner,
            )  # fmt: skip
            return
        matter = contract.matters.latest("number")
        if act.kind == "finished":
            matters.finish_matter(matter_id=matter.pk, by=owner)
        else:
            by = owner if matter.by_id == firm.organisation_id else firm
            matters.answer_matter(matter_id=matter.pk, agrees=True, words="", by=by)

    # --- the case

    def _case(self, act: Act) -> None:
        life = self.life
        clerk = self.city.member(life.department.organisation)
        if act.kind == "filed":
            windows.file_application(
                key=uuid4(), project_code=Project.objects.latest("pk").code, wanted=[Wanted(item=life.item)],
                filed_in=life.district, lead=None, files=[], by=life.owner,
            )  # fmt: skip
            return
        case = Case.objects.latest("pk")
        if act.kind == "refiled":
            windows.refile(case_id=case.pk, by=life.owner)
            return
        by_department: dict[str, Callable[..., Case]] = {
            Event.ACCEPTED: cases.accept_case,
            Event.CORRECTION_ASKED: cases.ask_correction,
            Event.NOT_ACCEPTED: cases.refuse_to_accept,
            Event.SPECIAL_STARTED: cases.start_special,
            Event.SPECIAL_ENDED: cases.end_special,
            Event.SUSPENDED: cases.suspend_case,
            Event.RESUMED: cases.resume_case,
            Event.DECIDED: cases.decide_case,
        }
        by_applicant: dict[str, Callable[..., Case]] = {
            Event.RESUBMITTED: cases.resubmit_case,
            Event.WITHDRAWN: cases.withdraw_case,
        }
        if act.kind in by_department:
            by_department[act.kind](case_id=case.pk, by=clerk, **act.more)
        else:
            by_applicant[act.kind](case_id=case.pk, by=life.owner, **act.more)
