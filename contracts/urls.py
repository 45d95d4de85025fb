"""Addresses of contracts: what everybody may read, and the pages of their parties."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from contracts.views import delivery, desk, drafting, filing, matters, public, supplements, terms


class ContractCode(StringConverter):
    """A contract's code, `C202611220001`."""

    regex = r"C[0-9]{12,17}"


register_converter(ContractCode, "contract")

app_name = "contracts"

urlpatterns = [
    path("contracts/", public.contracts, name="contracts"),
    path("contracts/<contract:code>/", public.contract, name="contract"),
    path("contracts/<contract:code>/qr.svg", public.qr, name="qr"),
    path("contracts/<contract:code>/check/", public.check, name="check"),
    path("contracts/<contract:code>/supplements/<int:number>/", supplements.supplement, name="supplement"),
    path("contracts/<contract:code>/supplements/<int:number>/qr.svg", supplements.qr, name="supplement_qr"),
    path("desk/contracts/", desk.contracts, name="desk"),
    path("desk/contracts/filing/", filing.filings, name="filings"),
    path("desk/contracts/templates/", terms.templates, name="templates"),
    path("desk/contracts/templates/<int:pk>/", terms.template, name="template"),
    path("desk/contracts/templates/<int:pk>/next/", terms.next_template, name="template_next"),
    path("desk/contracts/<contract:code>/", desk.contract, name="mine"),
    path("desk/contracts/<contract:code>/contract.pdf", desk.document, name="document"),
    path("desk/contracts/<contract:code>/edit/", drafting.edit, name="edit"),
    path("desk/contracts/<contract:code>/propose/", drafting.propose, name="propose"),
    path("desk/contracts/<contract:code>/change/", drafting.ask_for_change, name="change"),
    path("desk/contracts/<contract:code>/agree/", drafting.agree, name="agree"),
    path("desk/contracts/<contract:code>/reopen/", drafting.reopen, name="reopen"),
    path("desk/contracts/<contract:code>/seal/", drafting.seal, name="seal"),
    path("desk/contracts/<contract:code>/file/", filing.file, name="file"),
    path("desk/contracts/<contract:code>/filing/remark/", filing.remark, name="filing_remark"),
    path("desk/contracts/<contract:code>/milestones/<int:number>/submit/", delivery.submit, name="submit"),
    path("desk/contracts/<contract:code>/milestones/<int:number>/revision/", delivery.revision, name="revision"),
    path("desk/deliverables/<word:code>/", delivery.file, name="deliverable"),
    path("desk/deliverables/<word:code>/accept/", delivery.accept, name="accept"),
    path("desk/deliverables/<word:code>/return/", delivery.send_back, name="return"),
    path("desk/contracts/<contract:code>/matters/<int:number>/answer/", matters.answer, name="matter_answer"),
    path("desk/contracts/<contract:code>/matters/<int:number>/finish/", matters.finish, name="matter_finish"),
    path("desk/contracts/<contract:code>/matters/<int:number>/withdraw/", matters.withdraw, name="matter_withdraw"),
    path("desk/contracts/<contract:code>/matters/<slug:kind>/", matters.propose, name="matter_propose"),
    path(
        "desk/contracts/<contract:code>/supplements/<int:number>/supplement.pdf",
        supplements.document,
        name="supplement_document",
    ),
    path("desk/contracts/<contract:code>/supplements/<int:number>/seal/", supplements.seal, name="supplement_seal"),
    path(
        "desk/contracts/<contract:code>/supplements/<int:number>/withdraw/",
        supplements.withdraw,
        name="supplement_withdraw",
    ),
    path("desk/contracts/<contract:code>/abandon/", matters.abandon, name="abandon"),
]
