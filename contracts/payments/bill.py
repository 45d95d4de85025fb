"""The form of Alipay's daily bill of trades: a zip with two CSV files in GBK, one row for each payment and each refund.

Names, order and oddities of the columns are Alipay's: values end with a tabulator so that a spreadsheet leaves them alone, what
was refunded is negative, lines with `#` are no rows.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from core.clock import LOCAL
from core.money import yuan

COLUMNS = [
    "支付宝交易号",
    "商户订单号",
    "业务类型",
    "商品名称",
    "创建时间",
    "完成时间",
    "门店编号",
    "门店名称",
    "操作员",
    "终端号",
    "对方账户",
    "订单金额（元）",
    "商家实收（元）",
    "支付宝红包（元）",
    "集分宝（元）",
    "支付宝优惠（元）",
    "商家优惠（元）",
    "券核销金额（元）",
    "券名称",
    "商家红包消费金额（元）",
    "卡消费金额（元）",
    "退款批次号/请求号",
    "服务费（元）",
    "分润（元）",
    "备注",
]
PAYMENT, REFUND = "交易", "退款"
LARGEST = 512 * 1024 * 1024
LOCAL_TIME = "%Y-%m-%d %H:%M:%S"


class Unreadable(Exception):
    """This is no bill of trades."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One row: `amount` in yuan is what moved, never negative; `request_no` is empty unless it was refunded."""

    trade_no: str
    order_number: str
    is_refund: bool
    amount: Decimal
    request_no: str
    at: datetime | None
    subject: str = ""


BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError)
"""What `zipfile` raises for an archive that is cut, damaged, locked with a password or packed in an unknown way."""


def read(zipped: bytes) -> list[Line]:
    """Every row of a bill. Raises Unreadable."""
    try:
        with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
            files = [each for each in archive.infolist() if each.filename.endswith(".csv")]
            if sum(each.file_size for each in files) > LARGEST:
                raise Unreadable("too large")
            texts = [archive.read(each).decode("gb18030") for each in files]
    except BROKEN as wrong:
        raise Unreadable(str(wrong)) from wrong
    details = [text for text in texts if _is_details(text)]
    if len(details) != 1:
        raise Unreadable("details missing")
    try:
        return list(_lines(details[0]))
    except (KeyError, ValueError, InvalidOperation, IndexError) as wrong:
        raise Unreadable(str(wrong)) from wrong


def _is_details(text: str) -> bool:
    return any(line.startswith(COLUMNS[0] + ",") for line in text.splitlines()[:10])


def _lines(text: str) -> Iterator[Line]:
    """Columns are found by their names: Alipay has added some over the years."""
    head: dict[str, int] = {}
    for cells in csv.reader(io.StringIO(text)):
        values = [cell.strip() for cell in cells]
        if not values or values[0].startswith("#") or values == [""]:
            continue
        if not head:
            if values[0] == COLUMNS[0]:
                head = {name: place for place, name in enumerate(values)}
            continue
        yield _line(values, head)


def _line(values: list[str], head: dict[str, int]) -> Line:
    kind, done = values[head["业务类型"]], values[head["完成时间"]]
    if kind not in (PAYMENT, REFUND):
        raise ValueError(kind)
    amount = yuan(values[head["订单金额（元）"]])
    if not amount.is_finite():
        raise ValueError("amount")
    return Line(
        trade_no=values[head["支付宝交易号"]],
        order_number=values[head["商户订单号"]],
        is_refund=kind == REFUND,
        amount=abs(amount),
        request_no=values[head["退款批次号/请求号"]],
        at=datetime.strptime(done, LOCAL_TIME).replace(tzinfo=LOCAL) if done else None,
        subject=values[head["商品名称"]],
    )


def write(lines: Iterable[Line], *, day: date, seller_id: str) -> bytes:
    """A bill as Alipay makes it: what the sandbox hands out."""
    rows = list(lines)
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        name = f"{seller_id}0156_{day:%Y%m%d}_业务明细"
        archive.writestr(f"{name}.csv", _details(rows, day, seller_id).encode("gb18030"))
        archive.writestr(f"{name}(汇总).csv", _summary(rows, day, seller_id).encode("gb18030"))
    return zipped.getvalue()


def _details(rows: list[Line], day: date, seller_id: str) -> str:
    cells = [",".join(COLUMNS)]
    for row in rows:
        at = row.at.astimezone(LOCAL).strftime(LOCAL_TIME) if row.at else ""
        signed = -row.amount if row.is_refund else row.amount
        kind = REFUND if row.is_refund else PAYMENT
        cells.append(
            f"{row.trade_no}\t,{row.order_number}\t,{kind}\t,{row.subject.replace(',', '，')},{at},{at},\t,\t,\t,\t,"
            f"*示(dem***@example.com)\t,{signed},{signed},0.00,0.00,0.00,0.00,0.00,,0.00\t,0.00,{row.request_no}\t,0.00,0.00,"
        )
    return "\r\n".join([*_head("业务明细", day, seller_id), *cells, _foot("业务明细")]) + "\r\n"


def _summary(rows: list[Line], day: date, seller_id: str) -> str:
    paid = [row for row in rows if not row.is_refund]
    back = [row for row in rows if row.is_refund]
    net = sum((row.amount for row in paid), yuan(0)) - sum((row.amount for row in back), yuan(0))
    table = [
        "门店编号,门店名称,交易订单总笔数,退款订单总笔数,实收净额（元）",
        f"合计\t,\t,{len(paid)},{len(back)},{net}",
    ]
    return "\r\n".join([*_head("业务汇总", day, seller_id), *table, _foot("业务汇总")]) + "\r\n"


def _head(what: str, day: date, seller_id: str) -> list[str]:
    after = day + timedelta(days=1)
    return [
        f"#支付宝{what}查询",
        f"#账号：[{seller_id}0156]",
        f"#起始日期：[{day:%Y年%m月%d日} 00:00:00]   终止日期：[{after:%Y年%m月%d日} 00:00:00]",
        f"#{'-' * 41}{what}列表{'-' * 40}",
    ]


def _foot(what: str) -> str:
    return f"#{'-' * 41}{what}列表结束{'-' * 36}"
