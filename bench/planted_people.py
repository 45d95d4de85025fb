"""Cases of RH3 to RH7: people who are, were or are kin of the department's own, places, and reports; and what is near to that.

`m` is the maker, `f` the firm, `d` the department; a case says what it has made true between the two.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bench.planted_maker import Cases, Effects, Maker
from oversight.graph import Kind
from oversight.rules.base import FLAGGED, KEPT_OUT

RH3, RH4, RH5, RH6 = {"RH3": KEPT_OUT}, {"RH4": KEPT_OUT}, {"RH5": KEPT_OUT}, {"RH6": FLAGGED}
LEADS = (Kind.REPRESENTS, Kind.OFFICER)
ROLES = (*LEADS, Kind.PRACTITIONER)
CASES = Cases()
case = CASES.case


# RH3: on the staff


@case("RH3", "an official leads the firm or is registered with it")
def _official(m: Maker, f: int, d: int) -> Effects:
    m.says(m.official(d), m.rng.choice(ROLES), f)
    return RH3


@case("RH3", "the first or the last day of post and role")
def _official_on_the_day(m: Maker, f: int, d: int) -> Effects:
    post = m.rng.choice([(m.day, None), (m.before(900), m.day)])
    role: dict[str, Any] = m.rng.choice([{"since": m.day}, {"until": m.day}])
    m.says(m.official(d, since=post[0], until=post[1]), m.rng.choice(ROLES), f, **role)
    return RH3


@case("RH3", "still there, though the list of former staff has a day of leaving to come")
def _leaving(m: Maker, f: int, d: int) -> Effects:
    leaving = m.person()
    m.says(d, Kind.EMPLOYED, leaving, until=m.rng.choice([m.tomorrow, m.day + timedelta(days=90)]))
    m.says(leaving, m.rng.choice(ROLES), f)
    return RH3


@case("RH3", "the same ID number under another name")
def _other_name(m: Maker, f: int, d: int) -> Effects:
    number = f"{m.rng.getrandbits(60):018d}"
    m.says(d, Kind.EMPLOYS, m.person("欧阳安娜", number))
    m.says(m.person("歐陽安娜", number), m.rng.choice(ROLES), f)
    return RH3


@case("RH3", "a namesake of an official, with another ID number", near=True)
def _namesake(m: Maker, f: int, d: int) -> Effects:
    m.says(d, Kind.EMPLOYS, m.person("王伟"))
    m.says(d, Kind.EMPLOYED, m.person("王伟"), until=m.before(300))
    m.says(m.person("王伟"), m.rng.choice(ROLES), f)
    return {}


@case("RH3", "an official of another department or of an institution", near=True)
def _another_official(m: Maker, f: int, d: int) -> Effects:
    other = m.other(f)
    m.says(m.official(other), m.rng.choice(ROLES), f)
    m.says(m.official(m.body(d)), m.rng.choice(ROLES), f)
    m.true(f, other, RH3)
    return {}


@case("RH3", "an official who has left the firm, or has a role from tomorrow, or leads what owns it", near=True)
def _no_role(m: Maker, f: int, d: int) -> Effects:
    owner = m.company()
    m.says(m.official(d), m.rng.choice(ROLES), f, until=m.yesterday)
    m.says(m.official(d), m.rng.choice(ROLES), f, since=m.tomorrow, until=None)
    m.says(m.official(d), Kind.OFFICER, owner)
    m.says(owner, Kind.OWNS, f, m.large())
    return {}


@case("RH3", "who becomes an official tomorrow", near=True)
def _tomorrow(m: Maker, f: int, d: int) -> Effects:
    m.says(m.official(d, since=m.tomorrow), m.rng.choice(ROLES), f)
    return {}


# RH4: left the staff


@case("RH4", "left on the last day that keeps out, a leader or not")
def _left(m: Maker, f: int, d: int) -> Effects:
    leader = m.rng.random() < 0.5
    left = m.years_ago(m.city.leader_years if leader else m.city.other_years) + timedelta(days=1)
    _former(m, f, m.rng.choice(Kind.LASTING), d, leader=leader, until=left)
    return RH4


@case("RH4", "left yesterday")
def _left_yesterday(m: Maker, f: int, d: int) -> Effects:
    _former(m, f, m.rng.choice(Kind.LASTING), d, until=m.yesterday)
    return RH4


@case("RH4", "a leader after the years of the others")
def _leader(m: Maker, f: int, d: int) -> Effects:
    _former(m, f, Kind.EMPLOYED, d, leader=True, until=m.years_ago(m.city.other_years))
    return RH4


@case("RH4", "nobody tells the day of leaving: flagged")
def _left_some_day(m: Maker, f: int, d: int) -> Effects:
    _former(m, f, Kind.EMPLOYED, d)
    return {"RH4": FLAGGED}


@case("RH4", "the cooling-off period ended yesterday", near=True)
def _over(m: Maker, f: int, d: int) -> Effects:
    leader = m.rng.random() < 0.5
    left = m.years_ago(m.city.leader_years if leader else m.city.other_years)
    _former(m, f, m.rng.choice(Kind.LASTING), d, leader=leader, until=left)
    return {}


@case("RH4", "left another department or an institution", near=True)
def _left_another(m: Maker, f: int, d: int) -> Effects:
    other = m.other(f)
    _former(m, f, Kind.EMPLOYED, other, until=m.yesterday)
    _former(m, f, Kind.EMPLOYED, m.body(d), until=m.yesterday)
    m.true(f, other, RH4)
    return {}


@case("RH4", "left department and firm, or is only kin of the firm's", near=True)
def _left_both(m: Maker, f: int, d: int) -> Effects:
    gone, led = m.person(), m.person()
    m.says(d, Kind.EMPLOYED, gone, until=m.yesterday)
    m.says(gone, m.rng.choice((*ROLES, Kind.OWNS)), f, until=m.yesterday)
    m.says(gone, Kind.KIN, led)
    m.says(led, m.rng.choice(LEADS), f)
    return {}


def _former(m: Maker, f: int, kind: str, employer: int, **post: Any) -> None:
    """Somebody who was at an employer leads, owns, is registered with or works for the firm."""
    person = m.person()
    m.says(employer, kind, person, since=m.day - timedelta(days=5_000), **post)
    role = m.rng.choice((*ROLES, Kind.OWNS, Kind.EMPLOYS))
    m.says(*((f, role, person) if role == Kind.EMPLOYS else (person, role, f)))


# RH5: kin of the staff


@case("RH5", "kin of an official leads the firm")
def _kin_leads(m: Maker, f: int, d: int) -> Effects:
    m.says(_kin(m, d), m.rng.choice(LEADS), f)
    return RH5


@case("RH5", "kin of an official owns the firm, directly or through layers")
def _kin_owns(m: Maker, f: int, d: int) -> Effects:
    shares = [m.large() for _layer in range(m.rng.randrange(1, 6))]
    m.owns([_kin(m, d), *(m.company() for _layer in shares[1:]), f], shares)
    return RH5


@case("RH5", "kinship that is inferred: flagged")
def _kin_inferred(m: Maker, f: int, d: int) -> Effects:
    m.says(_kin(m, d, confidence="inferred"), m.rng.choice((*LEADS, Kind.OWNS)), f)
    return {"RH5": FLAGGED}


@case("RH5", "kin of kin, or a namesake of kin", near=True)
def _kin_of_kin(m: Maker, f: int, d: int) -> Effects:
    far, near = m.person(), m.person("李娜")
    m.says(_kin(m, d), Kind.KIN, far)
    m.says(far, m.rng.choice((*LEADS, Kind.OWNS)), f)
    m.says(m.official(d), Kind.KIN, near)
    m.says(m.person("李娜"), m.rng.choice(LEADS), f)
    return {}


@case("RH5", "kin who is registered with the firm or works there, without leading or owning", near=True)
def _kin_works(m: Maker, f: int, d: int) -> Effects:
    m.says(_kin(m, d), Kind.PRACTITIONER, f)
    m.says(f, Kind.EMPLOYS, _kin(m, d))
    return {}


@case("RH5", "kin of who has left, of another department's or of an institution's", near=True)
def _kin_of_another(m: Maker, f: int, d: int) -> Effects:
    other, left = m.other(f), m.person()
    m.says(d, Kind.EMPLOYS, left, until=m.yesterday)
    for official in (left, m.official(other), m.official(m.body(d))):
        kin = m.person()
        m.says(official, Kind.KIN, kin)
        m.says(kin, m.rng.choice(LEADS), f)
    m.true(f, other, RH5)
    return {}


@case("RH5", "no longer kin, or kin who has sold or resigned", near=True)
def _no_longer_kin(m: Maker, f: int, d: int) -> Effects:
    m.says(_kin(m, d, until=m.yesterday), m.rng.choice(LEADS), f)
    m.says(_kin(m, d), m.rng.choice((*LEADS, Kind.OWNS)), f, until=m.yesterday)
    return {}


def _kin(m: Maker, d: int, **more: Any) -> int:
    """Kin of an official."""
    found = m.person()
    m.says(m.official(d), Kind.KIN, found, **{"confidence": m.rng.choice(("declared", "recorded")), **more})
    return found


# RH6: at the same place


@case("RH6", "address or telephone of the department or a body of it")
def _same_place(m: Maker, f: int, d: int) -> Effects:
    m.says(m.rng.choice([d, m.body(d)]), m.rng.choice([Kind.ADDRESS, Kind.PHONE]), f)
    return RH6


@case("RH6", "where a body was until yesterday, or a company that the department owns is", near=True)
def _no_same_place(m: Maker, f: int, d: int) -> Effects:
    owned = m.company()
    m.says(d, Kind.OWNS, owned, m.large())
    m.says(owned, Kind.ADDRESS, f)
    m.says(m.body(d), Kind.PHONE, f, until=m.yesterday)
    return {}


# RH7: reviews its own report. Services of the catalogue: S015 and S016 survey and design, S017 reviews their drawings.


@case("RH7", "prepared the survey or the design whose drawings it would review")
def _own_report(m: Maker, f: int, d: int) -> Effects:
    project = m.institution()
    m.works(f, project, m.rng.choice(("S015", "S016")))
    m.enters(f, project, "S017")
    m.made.reviews.add((f, project, "S017"))
    return {}


@case("RH7", "the same report in another project, or in this one by another firm", near=True)
def _another_report(m: Maker, f: int, d: int) -> Effects:
    project = m.institution()
    m.works(f, m.institution(), m.rng.choice(("S015", "S016")))
    m.works(m.firm(), project, m.rng.choice(("S015", "S016")))
    m.enters(f, project, "S017")
    return {}


@case("RH7", "work in the project that nobody reviews, or the review itself", near=True)
def _other_work(m: Maker, f: int, d: int) -> Effects:
    project = m.institution()
    for service in ("S005", "S017"):
        m.works(f, project, service)
    for service in ("S015", "S016", "S017"):
        m.enters(f, project, service)
    return {}
