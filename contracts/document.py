"""What a contract says, as one hash for those who agree to it and as the PDF that they seal."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.urls import reverse
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, append_signature_field

from contracts.models import Contract, ContractParty, Milestone
from contracts.pdf import Place, Sheet, Signer, print_sheet
from core.clock import LOCAL
from ledger import domain as ledger
from protocol import canonical


def text_of(contract: Contract) -> dict[str, Any]:
    """Everything to which the parties agree; the same text gives the same bytes."""
    return told(contract, contract.milestones.all(), contract.parties.select_related("organisation"))


def told(contract: Contract, milestones: Iterable[Milestone], parties: Iterable[ContractParty]) -> dict[str, Any]:
    """The text of a contract that has these milestones and parties, in their order."""
    return {
        "award": contract.award.code,
        "clauses": contract.clauses,
        "contract": contract.code,
        "days": contract.days,
        "milestones": [
            {"amount": f"{each.amount:.2f}", "days": each.days, "delivers": each.delivers, "name": each.name}
            for each in milestones
        ],
        "parties": [
            {
                "code": each.organisation.public_code,
                "name": each.organisation.name,
                "share": each.share,
                "side": each.side,
            }
            for each in parties
        ],
        "price": f"{contract.price:.2f}",
        "scope": contract.scope,
        "title": contract.title,
    }


def text_hash(contract: Contract) -> str:
    """SHA-256 of the text in canonical JSON: who agrees or seals sends back that of the text that was read."""
    return canonical.sha256_hex(canonical.encode(text_of(contract)))


def make_document(contract: Contract, *, at: datetime) -> None:
    """Print a held contract and keep the PDF with empty fields for its seals; saving the row is the caller's."""
    printed = print_sheet(_sheet(contract, at=at))
    contract.text_sha256 = text_hash(contract)
    keep_document(contract, _with_fields(printed.content, printed.places))


def keep_document(contract: Contract, content: bytes) -> None:
    """Keep a PDF as the contract's, beside what was there before: a file is never written over."""
    contract.sha256 = hashlib.sha256(content).hexdigest()
    contract.document.save(f"{contract.code}/{contract.sha256[:16]}.pdf", ContentFile(content), save=False)


def address_of(contract: Contract) -> str:
    """The contract's public page, for the QR code."""
    return f"{settings.SITE_URL}{reverse('contracts:contract', args=[contract.code])}"


def _with_fields(content: bytes, places: list[Place]) -> bytes:
    """The fields are there before the first seal: adding one later would change what was sealed."""
    writer = IncrementalPdfFileWriter(BytesIO(content))
    for place in places:
        append_signature_field(writer, SigFieldSpec(place.name, on_page=place.page, box=place.box))
    out = BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]
    return out.getvalue()


def _sheet(contract: Contract, *, at: datetime) -> Sheet:
    award = contract.award
    return Sheet(
        code=contract.code,
        title=contract.title,
        at=at,
        facts=_facts(contract),
        scope=contract.scope,
        plan=[
            (str(each.number), each.name, _due(each.days), f"¥ {each.amount:,.2f}")
            for each in contract.milestones.all()
        ],
        clauses=contract.clauses,
        signers=[_signer(each) for each in contract.parties.select_related("organisation")],
        address=address_of(contract),
        proof=[f"中选通知书 {award.code}", *_logged(award.lot.round.subject)],
    )


def _facts(contract: Contract) -> list[tuple[str, str]]:
    line = contract.lines.select_related("item", "department__organisation", "project").order_by("number")
    items = "；".join(f"{each.item.name}（{each.department.organisation.name}）" for each in line)
    round_ = contract.award.lot.round
    return [
        ("项目", f"{contract.project.name}（{contract.project.code}）"),
        ("建设地点", contract.project.address),
        ("中介服务", contract.service.name),
        ("审批事项", items),
        ("选取结果", f"{round_.code} {round_.title}，中选通知书 {contract.award.code}"),
        ("合同价款", f"人民币 ¥ {contract.price:,.2f}"),
        ("服务期限", f"{contract.days} 个工作日"),
    ]


def _due(days: int) -> str:
    return f"第 {days} 个工作日" if days else "盖章时"


def _signer(party: ContractParty) -> Signer:
    organisation = party.organisation
    return Signer(
        field=party.field,
        side=str({"owner": "甲方（业主）", "firm": "乙方（中介机构）"}[party.side]),
        name=organisation.name,
        code=organisation.uscc or "",
        share=party.share,
    )


def _logged(subject: str) -> list[str]:
    """Where the award stands in the public log, as far as it has its index there."""
    awarded = [entry for entry in ledger.published(subject) if entry["type"] == "round.awarded"]
    if not awarded:
        return []
    index, leaf = awarded[-1]["index"], awarded[-1]["leaf"]
    where = f"公开日志第 {index} 号" if index is not None else "公开日志（排队中）"
    return [f"{where}　round.awarded", f"叶哈希 {leaf}"]


def sealed_on(at: datetime) -> str:
    """The day of a seal as it is printed in it."""
    return f"{at.astimezone(LOCAL):%Y-%m-%d}"
