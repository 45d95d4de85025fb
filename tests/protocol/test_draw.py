"""The draw: the example printed in draft-thomson-elegy-vrs-00, and what must hold of every draw."""

from __future__ import annotations

import hashlib
import hmac
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import draw

SECRET = b"totally not a bikeshed"
RANDOMNESS = "1.2.3.4.5.6./1.2.3.4.5.6./1.2.3.4.5.6./"
# CSS Color Module Level 3, without transparent, grey, cyan and magenta. The blue ones are struck out after the draw.
COLOURS = """
aliceblue antiquewhite aqua aquamarine azure beige bisque black blanchedalmond blue blueviolet brown burlywood
cadetblue chartreuse chocolate coral cornflowerblue cornsilk crimson darkblue darkcyan darkgoldenrod darkgray
darkgreen darkkhaki darkmagenta darkolivegreen darkorange darkorchid darkred darksalmon darkseagreen darkslateblue
darkslategray darkturquoise darkviolet deeppink deepskyblue dimgray dodgerblue firebrick floralwhite forestgreen
fuchsia gainsboro ghostwhite gold goldenrod gray green greenyellow honeydew hotpink indianred indigo ivory khaki
lavender lavenderblush lawngreen lemonchiffon lightblue lightcoral lightcyan lightgoldenrodyellow lightgray lightgreen
lightpink lightsalmon lightseagreen lightskyblue lightslategray lightsteelblue lightyellow lime limegreen linen maroon
mediumaquamarine mediumblue mediumorchid mediumpurple mediumseagreen mediumslateblue mediumspringgreen mediumturquoise
mediumvioletred midnightblue mintcream mistyrose moccasin navajowhite navy oldlace olive olivedrab orange orangered
orchid palegoldenrod palegreen paleturquoise palevioletred papayawhip peachpuff peru pink plum powderblue purple red
rosybrown royalblue saddlebrown salmon sandybrown seagreen seashell sienna silver skyblue slateblue slategray snow
springgreen steelblue tan teal thistle tomato turquoise violet wheat white whitesmoke yellow yellowgreen
""".split()  # noqa: SIM905  147 names read better than 147 strings
FIRST = [
    ("002ed527ae0a44a86c205d1cdba", "lavenderblush"),
    ("03f710be2b61a6f9c3f89aa5ab5", "blue"),
    ("08bab81380d7f0769cecf9969a8", "darkgoldenrod"),
    ("0c26494fa81f3aed8a9f66e77b7", "mediumvioletred"),
    ("0e1af5d1ccfd44de075cc0bb6d5", "bisque"),
    ("13a07cc9abf3b737e49a62b0634", "lightpink"),
]
SECOND = [
    ("00d1c59a9f1b581060a9e732e91", "aqua"),
    ("02b514b0b1807bfe086db524f40", "darkgray"),
    ("0337add95eac62a356b020a273a", "cornflowerblue"),
]

LABELS = st.sets(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=1, max_size=18), min_size=1, max_size=12)
SECRETS = st.binary(min_size=32, max_size=32)
HEX = st.binary(min_size=32, max_size=32).map(bytes.hex)


@pytest.mark.parametrize(
    ("iteration", "code", "printed"),
    [
        (1, "5346f2efb5397a6788fc1f1d9c05c6d3f2abe9b7d16d8592a3695b6dbe9f2456", FIRST),
        (2, "2f70f884997ce80771adbefbbbc6c71a1b921da71896c25ca0f64966bfd0c8ce", SECOND),
    ],
)
def test_the_example_of_the_draft(iteration, code, printed):
    committed = draw.commitment(SECRET, n=10)
    assert committed == "950ea08d8d5fd3ae415b9967aba7a48aba39ca62a4d98f2e7fe25cb1b8f8c488"
    assert draw.one_time_code(SECRET, iteration=iteration, n=10) == code
    assert draw.code_belongs(code, iteration=iteration, committed=committed, n=10)
    places = draw.positions(code=code, randomness=RANDOMNESS, labels=COLOURS)[: len(printed)]
    assert [(place.position[:27], place.label) for place in places] == printed


@given(SECRETS, st.dictionaries(st.text("ABC123", min_size=1), HEX, min_size=1, max_size=8))
def test_the_order_is_that_of_the_protocols_words(secret, told):
    """PROTOCOL §3 written down a second time, with nothing of our own code."""
    code = secret
    for _n in range(draw.CHAIN_LENGTH - 1):
        code = hashlib.sha256(code).digest()
    joined = "".join(f"{told[label]}/" for label in sorted(told))
    prk = hmac.new(code, joined.encode(), hashlib.sha256).digest()
    expected = sorted(told, key=lambda label: hmac.new(prk, label.encode() + b"\x01", hashlib.sha256).digest())
    assert draw.one_time_code(secret, iteration=1) == code.hex()
    assert draw.randomness(told) == joined
    assert draw.order(code=code.hex(), randomness=joined, labels=list(told)) == expected


@given(SECRETS, LABELS, st.randoms(use_true_random=False))
def test_the_order_holds_everybody_once_however_they_came(secret, labels, shuffler):
    code = draw.one_time_code(secret, iteration=1)
    mixed = list(labels)
    shuffler.shuffle(mixed)
    order = draw.order(code=code, randomness="x/", labels=mixed)
    assert sorted(order) == sorted(labels)
    assert order == draw.order(code=code, randomness="x/", labels=sorted(labels))


@given(SECRETS, LABELS)
def test_who_is_struck_out_changes_nothing_among_the_rest(secret, labels):
    code = draw.one_time_code(secret, iteration=1)
    order = draw.order(code=code, randomness="x/", labels=labels)
    assert draw.order(code=code, randomness="x/", labels=order[1:]) == order[1:]


def test_every_place_is_drawn_about_as_often():
    firms, first = list("abcd"), dict.fromkeys("abcd", 0)
    rng = random.Random(36)
    for _n in range(4_000):
        code = draw.one_time_code(rng.randbytes(32), iteration=1)
        first[draw.order(code=code, randomness="x/", labels=firms)[0]] += 1
    assert all(880 < times < 1_120 for times in first.values()), first  # five standard deviations


@pytest.mark.parametrize("iteration", [0, draw.CHAIN_LENGTH, draw.CHAIN_LENGTH + 1])
def test_the_secret_itself_is_never_a_code(iteration):
    with pytest.raises((draw.CodesUsedUp, ValueError)):
        draw.one_time_code(bytes(32), iteration=iteration)


def test_malformed_contributions_and_codes_are_refused():
    with pytest.raises(ValueError, match="64 hex"):
        draw.randomness({"a": "zz"})
    with pytest.raises(ValueError, match="64 hex"):
        draw.positions(code="ab", randomness="x/", labels=["a"])
    with pytest.raises(ValueError, match="twice"):
        draw.positions(code="0" * 64, randomness="x/", labels=["a", "a"])
    assert not draw.code_belongs("0" * 64, iteration=1, committed="f" * 64)
