"""Cases of RH1 and RH2: whose firm it is, through sponsors and holdings, and what is near to that.

`m` is the maker, `f` the firm, `d` the department; a case says what it has made true between the two.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from bench.planted_maker import Cases, Effects, Maker
from oversight.graph import WHOLE, Kind
from oversight.rules.base import EXCEPTED, FLAGGED, KEPT_OUT, Exempt

PERCENT = WHOLE // 100
RH1 = {"RH1": KEPT_OUT}
CASES = Cases()
case = CASES.case


@case("RH1", "run by the department itself")
def _run(m: Maker, f: int, d: int) -> Effects:
    m.says(d, Kind.SPONSORS, f)
    return RH1


@case("RH1", "run through institutions in layers")
def _run_in_layers(m: Maker, f: int, d: int) -> Effects:
    body = m.body(d)
    for _layer in range(m.rng.randrange(4)):
        below = m.institution()
        m.says(body, Kind.SPONSORS, below)
        body = below
    m.says(body, Kind.SPONSORS, f)
    return RH1


@case("RH1", "owned directly")
def _owned(m: Maker, f: int, d: int) -> Effects:
    share = m.large()
    m.says(m.rng.choice([d, m.body(d)]), Kind.OWNS, f, share)
    return m.holding([share])


@case("RH1", "owned through up to fifteen layers of companies")
def _owned_in_layers(m: Maker, f: int, d: int) -> Effects:
    shares = [m.large() for _layer in range(m.rng.randrange(2, 16))]
    m.owns([m.body(d), *(m.company() for _layer in shares[1:]), f], shares)
    return m.holding(shares)


@case("RH1", "owned by a company that the department runs")
def _owner_is_run(m: Maker, f: int, d: int) -> Effects:
    owner, share = m.company(), m.large()
    m.says(d, Kind.SPONSORS, owner)
    m.says(owner, Kind.OWNS, f, share)
    return m.holding([share])


@case("RH1", "a holding at the threshold of a layer")
def _just_a_layer(m: Maker, f: int, d: int) -> Effects:
    share = m.city.layer * PERCENT
    m.says(d, Kind.OWNS, f, share)
    return m.holding([share])


@case("RH1", "a holding of which no source tells the share")
def _unknown_share(m: Maker, f: int, d: int) -> Effects:
    m.says(m.body(d), Kind.OWNS, f)
    return {**RH1, "RH2": FLAGGED}


@case("RH1", "of an association that the department or its institution supervises")
def _association(m: Maker, f: int, d: int) -> Effects:
    own, share = m.association(), m.large()
    m.says(m.rng.choice([d, m.body(d)]), Kind.SUPERVISES, own)
    if m.rng.random() < 0.5:
        m.says(own, Kind.SPONSORS, f)
        return RH1
    m.says(own, Kind.OWNS, f, share)
    return m.holding([share])


@case("RH1", "holdings and sponsors by turns")
def _by_turns(m: Maker, f: int, d: int) -> Effects:
    owned, run = m.company(), m.institution()
    m.says(m.body(d), Kind.OWNS, owned, m.large())
    m.says(owned, Kind.SPONSORS, run)
    if m.rng.random() < 0.5:
        m.says(run, Kind.SPONSORS, f)
    else:
        m.says(
            run, Kind.OWNS, f, m.large()
        )  # RH2 counts what the department's own institutions hold, and this is a company's
    return RH1


@case("RH1", "itself an association that the department supervises")
def _is_association(m: Maker, f: int, d: int) -> Effects:
    own = m.association()
    m.associations.append(own)
    m.says(d, Kind.SUPERVISES, own)
    m.made.case_of[own, d] = [m.case]
    m.true(own, d, RH1)
    return {}


@case("RH1", "companies that own each other in a circle, one of them the institution's")
def _circle(m: Maker, f: int, d: int) -> Effects:
    one, two, three = (m.company() for _number in range(3))
    first, second, last = (m.large() for _number in range(3))
    m.owns([one, two, three, one], [second, m.large(), m.large()])
    m.owns([m.body(d), one], [first])
    m.owns([two, f], [last])
    return m.holding([first, second, last])


@case("RH1", "the firm is itself part of a circle")
def _in_circle(m: Maker, f: int, d: int) -> Effects:
    owner, shares = m.company(), [m.large(), m.large()]
    m.owns([d, owner, f], shares)
    m.says(f, Kind.OWNS, owner, m.large())
    return m.holding(shares)


@case("RH1", "an institution of two departments")
def _joint(m: Maker, f: int, d: int) -> Effects:
    body, share, other = m.body(d), m.large(), m.other(f)
    m.says(other, Kind.SPONSORS, body)
    m.says(body, Kind.OWNS, f, share)
    m.true(f, other, m.holding([share]))
    return m.holding([share])


@case("RH1", "a holding that begins or ends on the day")
def _on_the_day(m: Maker, f: int, d: int) -> Effects:
    share = m.large()
    days: dict[str, Any] = m.rng.choice([{"since": m.day}, {"until": m.day}])
    m.says(d, Kind.OWNS, f, share, **days)
    return m.holding([share])


@case("RH1", "mere regulation of the firm, its owner or its trade", near=True)
def _regulated(m: Maker, f: int, d: int) -> Effects:
    owner, trade = m.company(), m.association()
    m.says(m.rng.choice([d, m.body(d)]), Kind.SUPERVISES, f)
    m.says(d, Kind.SUPERVISES, owner)
    m.says(owner, Kind.OWNS, f, m.large())
    m.says(d, Kind.SUPERVISES, trade)
    m.says(trade, Kind.SUPERVISES, f)
    return {}


@case("RH1", "of another department's institution or association", near=True)
def _another_departments(m: Maker, f: int, d: int) -> Effects:
    other, own, share = m.other(f), m.association(), m.large()
    m.says(other, Kind.SUPERVISES, own)
    m.says(d, Kind.SPONSORS, m.institution())
    m.says(own, Kind.OWNS, f, share)
    m.true(f, other, m.holding([share]))
    return {}


@case("RH1", "ended the day before or begins the day after, anywhere on the way", near=True)
def _ended(m: Maker, f: int, d: int) -> Effects:
    gone: dict[str, Any] = m.rng.choice([{"until": m.yesterday}, {"since": m.tomorrow, "until": None}])
    at, owner = m.rng.randrange(3), m.company()
    body = m.body(d, **(gone if at == 0 else {}))
    m.says(body, Kind.OWNS, owner, m.large(), **(gone if at == 1 else {}))
    m.says(owner, Kind.OWNS, f, m.large(), **(gone if at == 2 else {}))
    return {}


@case("RH1", "what the firm owns, and what owns the department's own", near=True)
def _downwards(m: Maker, f: int, d: int) -> Effects:
    both = m.company()
    m.says(f, Kind.OWNS, both, m.large())
    m.says(d, Kind.OWNS, both, m.large())
    m.says(f, Kind.OWNS, m.body(d), m.large())
    return {}


@case("RH1", "the municipality's, above department and firm alike", near=True)
def _municipality(m: Maker, f: int, d: int) -> Effects:
    above = m.institution()
    m.says(above, Kind.SPONSORS, d)
    m.says(above, Kind.OWNS, f, m.large())
    return {}


@case("RH1", "a shareholder in common, or a circle that is nobody's", near=True)
def _in_common(m: Maker, f: int, d: int) -> Effects:
    holder, theirs, one = m.person(), m.company(), m.company()
    m.owns([d, theirs], [m.large()])
    m.says(holder, Kind.OWNS, theirs, m.large())
    m.says(holder, Kind.OWNS, f, m.large())
    m.owns([one, f, one], [m.large(), m.large()])
    return {}


@case("RH1", "a firm that an exception names, with its basis")
def _excepted(m: Maker, f: int, d: int) -> Effects:
    m.says(d, Kind.SPONSORS, f)
    m.made.exempt.append(Exempt("RH1", "planted", firm=f, department=d))
    return {"RH1": EXCEPTED}


@case("RH1", "a body that an exception names: the only way, or one of two")
def _excepted_body(m: Maker, f: int, d: int) -> Effects:
    body = m.body(d)
    m.says(body, Kind.SPONSORS, f)
    m.made.exempt.append(Exempt("RH1", "planted", firm=f, body=body))
    if m.rng.random() < 0.5:
        return {"RH1": EXCEPTED}
    m.says(m.body(d), Kind.SPONSORS, f)
    return RH1


@case("RH1", "an exception for another firm, department or rule")
def _excepted_elsewhere(m: Maker, f: int, d: int) -> Effects:
    m.says(d, Kind.OWNS, f, m.large())
    m.made.exempt += [
        Exempt("RH1", "planted", firm=m.company(), department=d),
        Exempt("RH1", "planted", firm=f, department=m.institution()),
        Exempt("RH2", "planted", firm=f, department=d),
    ]
    return {**RH1, "RH2": EXCEPTED}


@case("RH2", "small holdings of the department and its bodies that reach the threshold together")
def _together(m: Maker, f: int, d: int) -> Effects:
    for number, part in enumerate(_below_a_layer(m, m.city.share * PERCENT)):
        m.says(m.body(d) if number else d, Kind.OWNS, f, part)
    return {"RH2": KEPT_OUT}


@case("RH2", "a millionth less together: flagged")
def _not_quite_together(m: Maker, f: int, d: int) -> Effects:
    for part in _below_a_layer(m, m.city.share * PERCENT - 1):
        m.says(m.body(d), Kind.OWNS, f, part)
    return {"RH2": FLAGGED}


def _below_a_layer(m: Maker, total: int) -> list[int]:
    """The total in two to four parts, none of which is a layer."""
    parts = m.rng.randrange(2, 5)
    return [total // parts] * (parts - 1) + [total - total // parts * (parts - 1)]


@case("RH2", "products along two ways, one with a layer that is none of RH1's")
def _products(m: Maker, f: int, d: int) -> Effects:
    one, two, small = m.company(), m.company(), m.city.layer * PERCENT - 1
    first, second = m.large(), m.large()
    m.owns([m.body(d), one, f], [small, first])
    m.owns([d, two, f], [small, second])
    return {"RH2": m.share(Fraction(small * first, WHOLE**2), Fraction(small * second, WHOLE**2))}


@case("RH2", "a holding just below the threshold of a layer")
def _just_no_layer(m: Maker, f: int, d: int) -> Effects:
    share = m.city.layer * PERCENT - 1
    m.says(m.body(d), Kind.OWNS, f, share)
    return m.holding([share])


@case("RH2", "a holding in a circle, each path counted once")
def _share_in_circle(m: Maker, f: int, d: int) -> Effects:
    one, two = m.company(), m.company()
    shares = [m.city.layer * PERCENT - 1, m.large(), m.large()]
    m.owns([d, one, two, f], shares)
    m.owns([two, one], [m.large()])
    return m.holding(shares)


@case("RH2", "a share in an institution of its own counts once")
def _own_share(m: Maker, f: int, d: int) -> Effects:
    body, share = m.body(d), m.city.share * PERCENT - 1
    m.says(d, Kind.OWNS, body, WHOLE)
    m.says(body, Kind.OWNS, f, share)
    return m.holding([share])


@case("RH2", "sources that disagree: the smallest keeps out, the largest flags")
def _disagreeing(m: Maker, f: int, d: int) -> Effects:
    small = m.rng.randrange(1, min(m.city.share, m.city.layer) * PERCENT)
    m.says(d, Kind.OWNS, f, small)
    m.says(d, Kind.OWNS, f, m.large())
    return {"RH2": FLAGGED}


@case("RH2", "a range from below the threshold to above it")
def _range(m: Maker, f: int, d: int) -> Effects:
    m.says(m.body(d), Kind.OWNS, f, PERCENT, high=WHOLE)
    return {"RH2": FLAGGED}


@case("RH2", "a holding of nothing", near=True)
def _nothing(m: Maker, f: int, d: int) -> Effects:
    m.says(d, Kind.OWNS, f, 0)
    return {}


@case("RH2", "a holding that has been sold", near=True)
def _sold(m: Maker, f: int, d: int) -> Effects:
    m.says(m.body(d), Kind.OWNS, f, m.city.layer * PERCENT - 1, until=m.yesterday)
    return {}
