"""When two organisations are the same: names made comparable, and evidence weighed (decision 28). No Django.

A USCC decides. Without one, names are compared in one form (width, case, brackets, 有限责任公司 as 有限公司), and without the
place at their beginning; address, representative and telephone are evidence. What is not certain is only ever suggested.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

CERTAIN = 85
SUGGEST = 40
SAME_NAME, FORMER_NAME, SAME_CORE, FORMER_CORE = 60, 50, 30, 25
ADDRESS, REPRESENTATIVE, PHONE = 25, 25, 20

PLACES = (
    "浙江省", "浙江", "宁波市", "宁波", "海曙区", "海曙", "江东区", "江东", "江北区", "江北", "北仑区", "北仑", "镇海区", "镇海",
    "鄞州区", "鄞州", "奉化区", "奉化市", "奉化", "余姚市", "余姚", "慈溪市", "慈溪", "宁海县", "宁海", "象山县", "象山",
    "高新区", "保税区", "大榭开发区", "杭州湾新区", "前湾新区", "东钱湖",
)  # fmt: skip
"""Places at the beginning of a name, of the "10+1" and above; a longer one stands before what it begins with."""

FORMS = (("有限责任公司", "有限公司"), ("股份有限责任公司", "股份有限公司"))
BRANCH = re.compile(r"(分公司|分所|分院|分部|办事处|营业部|分店)$")
ENDINGS = ("股份有限公司", "有限公司", "集团", "(有限合伙)", "(普通合伙)", "(特殊普通合伙)")
DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")


@dataclass(frozen=True)
class Described:
    """What is known of an organisation, for comparing. Hashes or texts: only their equality counts."""

    names: tuple[str, ...]
    former: tuple[str, ...] = ()
    uscc: str | None = None
    address: object = None
    representative: object = None
    phone: object = None


@dataclass(frozen=True)
class Verdict:
    """How likely two are the same, in points, and why; `certain` merges by itself."""

    score: int
    evidence: tuple[str, ...]

    @property
    def certain(self) -> bool:
        return self.score >= CERTAIN and bool({"uscc", "name", "former_name"} & set(self.evidence))

    @property
    def worth_asking(self) -> bool:
        return self.score >= SUGGEST


NOT_THE_SAME = Verdict(0, ())


def full(name: str) -> str:
    """A name in one form: half width, no spaces, brackets and dots of one kind, 有限责任公司 as 有限公司."""
    text = "".join(unicodedata.normalize("NFKC", name).split()).upper()
    text = (
        text.replace("〔", "(")
        .replace("〕", ")")
        .replace("【", "(")
        .replace("】", ")")
        .replace("[", "(")
        .replace("]", ")")
    )
    text = re.sub(r"[·•・.,，。、'\"“”‘’\-—_]", "", text)
    for long, short in FORMS:
        text = text.replace(long, short)
    return text


def core(name: str) -> str:
    """The name without the places at its beginning, places in brackets and its legal form; never empty."""
    text = full(name)
    rest = text
    for place in PLACES:
        rest = rest.replace(f"({place})", "")
    form = next((each for each in ENDINGS if rest.endswith(each) and len(rest) > len(each) + 1), "")
    return _without_places(rest.removesuffix(form), form) or text


def _without_places(text: str, form: str) -> str:
    """At least two characters are left, four with the form, so that a firm called after its place keeps a name."""
    while True:
        place = next((each for each in PLACES if text.startswith(each) and _leaves_a_name(text, each, form)), None)
        if place is None:
            return text
        text = text.removeprefix(place)


def _leaves_a_name(text: str, place: str, form: str) -> bool:
    left = len(text) - len(place)
    return left >= 2 and left + len(form) >= 4


def places_of(name: str) -> frozenset[str]:
    """The places that a name begins with or has in brackets, without 省, 市, 区, 县."""
    text, found = full(name), set()
    for place in PLACES:
        if f"({place})" in text:
            found.add(place)
    while place := next((each for each in PLACES if text.startswith(each)), ""):
        found.add(place)
        text = text.removeprefix(place)
    return frozenset(re.sub("[省市区县]$", "", each) if len(each) > 2 else each for each in found)


def address_key(address: str) -> str:
    """An address for comparing: width, case, spaces and the upper levels do not matter, the numbers do."""
    text = full(address)
    for level in ("浙江省", "宁波市"):
        text = text.removeprefix(level)
    return text


def person_key(name: str) -> str:
    """A person's name for comparing."""
    return full(name)


def compare(one: Described, other: Described) -> Verdict:
    """Whether two descriptions may be of the same organisation, and what speaks for it."""
    if one.uscc and other.uscc:
        return Verdict(100, ("uscc",)) if one.uscc == other.uscc else NOT_THE_SAME
    name, points = _name_evidence(one, other)
    if not name:
        return NOT_THE_SAME
    evidence, score = [name], points
    for what, worth in (("address", ADDRESS), ("representative", REPRESENTATIVE), ("phone", PHONE)):
        mine, theirs = getattr(one, what), getattr(other, what)
        if mine and mine == theirs:
            evidence.append(what)
            score += worth
    return Verdict(score, tuple(evidence))


def _name_evidence(one: Described, other: Described) -> tuple[str, int]:
    """The strongest thing that names say."""
    mine, theirs = set(map(full, one.names)), set(map(full, other.names))
    my_former, their_former = set(map(full, one.former)), set(map(full, other.former))
    if mine & theirs:
        return "name", SAME_NAME
    if (mine & their_former) or (my_former & theirs):
        return "former_name", FORMER_NAME
    pairs = [(a, b) for a in one.names for b in other.names]
    if any(_alike(a, b) for a, b in pairs):
        return "core", SAME_CORE
    former = [(a, b) for a in one.names for b in other.former] + [(a, b) for a in one.former for b in other.names]
    return ("former_core", FORMER_CORE) if any(_alike(a, b) for a, b in former) else ("", 0)


def _alike(one: str, other: str) -> bool:
    """The same name but for places, where none contradicts the other; a branch is not its company."""
    if bool(BRANCH.search(full(one))) != bool(BRANCH.search(full(other))):
        return False
    if core(one) != core(other) or _form(one) != _form(other):
        return False
    mine, theirs = places_of(one), places_of(other)
    return mine <= theirs or theirs <= mine


def _form(name: str) -> str:
    return next((each for each in ENDINGS[:2] if full(name).endswith(each)), "")


ORGANISATIONS = re.compile(
    r"(公司|集团|中心|事务所|研究院|研究所|设计院|勘察院|测绘院|学院|大学|学校|医院|协会|学会|商会|联合会|促进会|基金会|基金|"
    r"合伙企业|\(有限合伙\)|\(普通合伙\)|\(特殊普通合伙\)|合作社|委员会|管委会|局|厅|院|所|站|厂|馆|社|银行|支行|办公室|人民政府|总队|支队|大队)$"
)


def looks_like_organisation(name: str) -> bool:
    """Whether a name without a code is surely no natural person's; in doubt it is treated as one, and hidden."""
    text = full(name)
    return len(text) >= 5 and bool(ORGANISATIONS.search(text) or BRANCH.search(text))
