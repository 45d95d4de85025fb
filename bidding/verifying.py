"""What the verifying page says of each step, and the tables that its script fills (static/js/verify)."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from bidding.wording import Text


@dataclass(frozen=True)
class Step:
    """One step of what is computed again: its name in the script, what it shows, and why that matters, in plain words."""

    name: str
    title: Text
    text: Text


@dataclass(frozen=True)
class Column:
    """A column of a table: the value of a row that stands in it, and what it is called.

    `kind` is how it looks (num, digest, nowrap), or names where it says whose the row is and needs no label on a phone.
    """

    cell: str
    label: Text
    kind: str = ""

    @property
    def holds_numbers(self) -> bool:
        return self.kind == "num"


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table by its name in the script; a long one `is_cut` and says how many rows are left out."""

    name: str
    columns: tuple[Column, ...]
    is_cut: bool = False

    @property
    def heads(self) -> list[tuple[Text, bool]]:
        return [(column.label, column.holds_numbers) for column in self.columns]


STEPS = [
    Step(
        "announced",
        _("规则先定下来，大家才报名"),
        _(
            "公告的内容（方式、截止时间、限价、两把锁、抽取码的指纹）一发布就写进公开日志，平台签名，见证方联署。"
            "这些都发生在截止以前，后来改动任何一处都对不上。"
        ),
    ),
    Step(
        "sealed",
        _("密封件都在截止前送到，没有人动过"),
        _(
            "每收到一份密封件，它的指纹当时就写进日志，只是遮着，谁也看不出是谁送的。"
            "现在遮布揭开了：把每一份密封件的指纹重算一遍，与当时记下的比。"
        ),
    ),
    Step(
        "keys",
        _("两把钥匙配得上公告的锁"),
        _(
            "每份密封件上了两把锁，平台一把，见证方一把，缺哪一把都打不开。锁在公告时公布，钥匙在截止后公布。"
            "由钥匙可以算出它配的锁，所以换不了。"
        ),
    ),
    Step(
        "opened",
        _("每份密封件打开，就是公布的那个数"),
        _("用上面两把钥匙，在您的浏览器里把每一份密封件重新打开，里面写的与记录公布的逐个比。"),
    ),
    Step(
        "draw",
        _("抽取的次序没有谁能一手操纵"),
        _(
            "好比抽签前，见证方先把一个数锁进盒子并公布它的指纹，每家又各自密封一个随机数。"
            "截止后全部亮出来，合在一起算出次序：少了谁的都算不出，谁也没有机会照着别人的挑。"
        ),
    ),
    Step(
        "method",
        _("按公告的方式再算一遍"),
        _(
            "谁有效、谁排第几、谁中选：用公布的数（刚与密封件里的比过）和抽出的次序，照公告的方式从头算，"
            "再与公布的结果比。"
        ),
    ),
    Step(
        "log",
        _("日志没有改过，一直写到今天"),
        _(
            "日志只能在末尾添加：前面任何一条改了，总指纹就全变了。平台给总指纹签名，见证方独立检查后联署，"
            "您的浏览器再记住他们的公钥：要给您看一本、给别人看另一本，就得平台和见证方两家合谋。"
        ),
    ),
]
"""What is said here holds for every round; the script adds the numbers of this one."""

FIRM = Column("firm", _("机构"), "names")
EXPERT = Column("expert", _("专家"), "names")
AMOUNT = Column("amount", _("报价"), "num")
QUALITY = Column("quality", _("质量分"), "num")
DAYS = Column("days", _("承诺时限"), "num")
PLACE = Column("place", _("算出的名次"))
TOLD = Column("told", _("公布的名次"))
HOLDS = Column("holds", _("核对"))
TABLES = [
    Table(
        name="sealed",
        columns=(
            FIRM,
            Column("at", _("送达时间"), "nowrap"),
            Column("told", _("当时记下的指纹"), "digest"),
            Column("computed", _("现在算出的指纹"), "digest"),
            HOLDS,
        ),
        is_cut=True,
    ),
    Table(
        name="keys",
        columns=(
            Column("party", _("谁的"), "names"),
            Column("announced", _("公告时公布的锁"), "digest"),
            Column("revealed", _("开启时公布的钥匙"), "digest"),
            Column("computed", _("由钥匙算出的锁"), "digest"),
            HOLDS,
        ),
    ),
    Table(
        name="amounts",
        columns=(
            FIRM,
            Column("said", _("密封件里写的"), "num"),
            Column("published", _("记录公布的"), "num"),
            DAYS,
            HOLDS,
        ),
        is_cut=True,
    ),
    Table(
        name="nonces",
        columns=(
            FIRM,
            Column("nonce", _("密封件里的随机数"), "digest"),
            Column("told", _("记录公布的"), "digest"),
            DAYS,
            HOLDS,
        ),
        is_cut=True,
    ),
    Table(
        name="draw",
        columns=(
            Column("place", _("次序")),
            FIRM,
            Column("nonce", _("它的随机数"), "digest"),
            Column("position", _("算出的定位值"), "digest"),
            HOLDS,
        ),
        is_cut=True,
    ),
    Table(
        name="experts",
        columns=(
            Column("place", _("次序")),
            EXPERT,
            Column("position", _("算出的定位值"), "digest"),
            Column("seat", _("结果")),
            HOLDS,
        ),
        is_cut=True,
    ),
    Table(
        name="seats",
        columns=(
            EXPERT,
            Column("iteration", _("抽中")),
            Column("status", _("出席")),
            HOLDS,
        ),
        is_cut=True,
    ),
    Table(
        name="marks",
        columns=(
            FIRM,
            Column("marks", _("专家评分")),
            Column("dropped", _("去掉的")),
            Column("mean", _("平均"), "num"),
            QUALITY,
            HOLDS,
        ),
        is_cut=True,
    ),
    Table(name="ranking", columns=(PLACE, FIRM, AMOUNT, TOLD, HOLDS)),
    Table(
        name="distances",
        columns=(PLACE, FIRM, AMOUNT, Column("distance", _("与参考价相差"), "num"), TOLD, HOLDS),
    ),
    Table(
        name="scores",
        columns=(
            Column("place", _("名次")),
            FIRM,
            AMOUNT,
            Column("price", _("价格分"), "num"),
            QUALITY,
            Column("record", _("信用分"), "num"),
            Column("total", _("总分"), "num"),
            Column("told", _("公布的")),
            HOLDS,
        ),
    ),
    Table(name="ranking-plain", columns=(PLACE, FIRM, TOLD, HOLDS)),
]
