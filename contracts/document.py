"""What a contract says, as one hash for those who agree to it and as the PDF that they seal."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.urls import reverse
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, append_signature_field

from contracts.models import Contract, ContractLine, ContractParty, Milestone, Supplement
from contracts.pdf import Place, Sheet, Signer, print_sheet
from core.clock import LOCAL
from ledger import domain as ledger
from protocol import canonical

SUPPLEMENT_CLAUSES = (
    "一、本补充协议是合同 {code} 的组成部分，与合同具有同等效力；"
    "与合同不一致的，以本补充协议为准，没有涉及的仍按合同履行。\n"
    "二、付款计划按上列各期执行，期限自合同各方盖章齐全之日起算；已经验收或申请付款的各期不变。\n"
    "三、本补充协议由合同各方以可靠的电子签名盖章，与纸质盖章具有同等法律效力，自盖章齐全之时生效；"
    "在此之前仍按原合同履行。{until} 前没有盖齐的，本补充协议不生效。"
)


def text_of(contract: Contract) -> dict[str, Any]:
    """Everything to which the parties agree; the same text gives the same bytes."""
    milestones, parties = contract.milestones.prefetch_related("lines"), contract.parties.select_related("organisation")
    return told(contract, milestones, parties, lines=lines_told(contract))


def told(
    contract: Contract, milestones: Iterable[Milestone], parties: Iterable[ContractParty], *, lines: dict[str, Any]
) -> dict[str, Any]:
    """The text of a contract that has these milestones and parties, in their order; `lines` as `lines_told` gives them."""
    return {
        "award": contract.award.code,
        "clauses": contract.clauses,
        "contract": contract.code,
        "days": contract.days,
        "milestones": [
            {
                "amount": f"{each.amount:.2f}",
                "days": each.days,
                "delivers": each.delivers,
                "name": each.name,
                **({"lines": [line.number for line in each.lines.all()]} if lines else {}),
            }
            for each in milestones
        ],
        **lines,
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


def lines_told(contract: Contract) -> dict[str, Any]:
    """The lines of a contract that has several, as its text and the log name them; of one nothing."""
    rows = list(contract.lines.select_related("service", "item", "department").order_by("number"))
    if len(rows) < 2:
        return {}
    told = [
        {
            "department": line.department.code,
            "item": line.item.code,
            "number": line.number,
            "service": line.service.code,
        }
        for line in rows
    ]
    return {"lines": told}


def text_hash(contract: Contract) -> str:
    """SHA-256 of the text in canonical JSON: who agrees or seals sends back that of the text that was read."""
    return canonical.sha256_hex(canonical.encode(text_of(contract)))


def make_document(contract: Contract, *, at: datetime) -> None:
    """Print a held contract and keep the PDF with empty fields for its seals; saving the row is the caller's."""
    printed = print_sheet(sheet_of(contract, at=at))
    contract.text_sha256 = text_hash(contract)
    keep_document(contract, _with_fields(printed.content, printed.places))


def keep_document(contract: Contract, content: bytes) -> None:
    """Keep a PDF as the contract's, beside what was there before: a file is never written over."""
    contract.sha256 = hashlib.sha256(content).hexdigest()
    contract.document.save(f"{contract.code}/{contract.sha256[:16]}.pdf", ContentFile(content), save=False)


def supplement_text(supplement: Supplement) -> dict[str, Any]:
    """Everything to which the parties of a supplementary agreement agree."""
    return {
        "before": {"days": supplement.days_before, "price": f"{supplement.price_before:.2f}"},
        "contract": {"code": supplement.contract.code, "text": supplement.contract.text_sha256},
        "days": supplement.days,
        "milestones": supplement.plan,
        "number": supplement.number,
        "price": f"{supplement.price:.2f}",
        "reason": supplement.matter.words,
        "scope": supplement.scope,
    }


def supplement_hash(supplement: Supplement) -> str:
    """SHA-256 of that in canonical JSON: who seals sends back that of the text that was read."""
    return canonical.sha256_hex(canonical.encode(supplement_text(supplement)))


def make_supplement_document(supplement: Supplement, *, at: datetime) -> None:
    """Print a supplementary agreement with empty fields for its seals; saving the row is the caller's."""
    printed = print_sheet(_supplement_sheet(supplement, at=at))
    supplement.text_sha256 = supplement_hash(supplement)
    keep_supplement(supplement, _with_fields(printed.content, printed.places))


def keep_supplement(supplement: Supplement, content: bytes) -> None:
    """Keep a PDF as the supplement's, beside what was there before."""
    supplement.sha256 = hashlib.sha256(content).hexdigest()
    name = f"{supplement.contract.code}/{supplement.number}-{supplement.sha256[:16]}.pdf"
    supplement.document.save(name, ContentFile(content), save=False)


def supplement_address(supplement: Supplement) -> str:
    """The supplement's public page, for the QR code."""
    return f"{settings.SITE_URL}{reverse('contracts:supplement', args=[supplement.contract.code, supplement.number])}"


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


def sheet_of(contract: Contract, *, at: datetime) -> Sheet:
    """What is printed of a contract."""
    award = contract.award
    return Sheet(
        code=contract.code,
        title=contract.title,
        at=at,
        facts=_facts(contract),
        scope=contract.scope,
        plan=[
            (str(each.number), each.name + _for_lines(each), _due(each.days), f"¥ {each.amount:,.2f}")
            for each in contract.milestones.prefetch_related("lines")
        ],
        clauses=contract.clauses,
        signers=[_signer(each) for each in contract.parties.select_related("organisation")],
        address=address_of(contract),
        proof=[f"中选通知书 {award.code}", *_logged(award.lot.round.subject)],
    )


def _facts(contract: Contract) -> list[tuple[str, str]]:
    lines = list(contract.lines.select_related("service", "item", "department__organisation").order_by("number"))
    round_ = contract.award.lot.round
    return [
        ("项目", f"{contract.project.name}（{contract.project.code}）"),
        ("建设地点", contract.project.address),
        *_line_facts(lines),
        ("选取结果", f"{round_.code} {round_.title}，中选通知书 {contract.award.code}"),
        ("合同价款", f"人民币 ¥ {contract.price:,.2f}"),
        ("服务期限", f"{contract.days} 个工作日"),
    ]


def _supplement_sheet(supplement: Supplement, *, at: datetime) -> Sheet:
    contract = supplement.contract
    changes = [
        ("合同价款", f"¥ {supplement.price_before:,.2f}", f"¥ {supplement.price:,.2f}"),
        ("服务期限", f"{supplement.days_before} 个工作日", f"{supplement.days} 个工作日"),
    ]
    if supplement.scope:
        changes.append(("服务内容", "按合同", "按下列“服务内容”"))
    return Sheet(
        code=supplement.code,
        kind=f"补充协议（{supplement.number}）",
        title=contract.title,
        at=at,
        facts=[
            ("合同", f"{contract.title}（{contract.code}）"),
            ("合同文件", f"SHA-256 {contract.sha256}"),
            ("变更原因", supplement.matter.words),
        ],
        changes=changes,
        scope=supplement.scope,
        plan=[
            (str(row["number"]), row["name"], _due(row["days"]), f"¥ {Decimal(row['amount']):,.2f}")
            for row in supplement.plan
        ],
        clauses=SUPPLEMENT_CLAUSES.format(
            code=contract.code, until=f"{supplement.due_at.astimezone(LOCAL):%Y-%m-%d %H:%M}"
        ),
        signers=[_signer(each) for each in contract.parties.select_related("organisation")],
        address=supplement_address(supplement),
        proof=[f"合同 {contract.code}", f"正文哈希 {supplement_hash(supplement)}"],
    )


def _line_facts(lines: list[ContractLine]) -> list[tuple[str, str]]:
    """What is done and for which approvals; several lines one by one, under the numbers that the plan refers to."""
    items = [f"{each.item.name}（{each.department.organisation.name}）" for each in lines]
    if len(lines) == 1:
        return [("中介服务", lines[0].service.name), ("审批事项", items[0])]
    return [
        (f"合同事项 {line.number}", f"{line.service.name}，用于{item}") for line, item in zip(lines, items, strict=True)
    ]


def _for_lines(milestone: Milestone) -> str:
    numbers = "、".join(str(line.number) for line in milestone.lines.all())
    return f"（事项 {numbers}）" if numbers else ""


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
