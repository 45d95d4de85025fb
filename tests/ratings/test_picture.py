"""The picture of a line: bars that fill the width, days off shaded, the limit, and the same as a table."""

from __future__ import annotations

import html
import re
from fractions import Fraction

import pytest
from django.template.loader import render_to_string
from django.utils.translation import override

from ratings.layout import layout
from ratings.measures import Limits, due
from ratings.timeline import timeline
from ratings.words import KINDS, PARTIES, days_told, picture_of
from tests.ratings.histories import YEAR, at, life
from tests.ratings.pages import LIMITS, LINES


def rendered(name, language="zh-hans"):
    with override(language):
        picture = picture_of(LINES[name], LIMITS, YEAR, name=name)
        return render_to_string("components/timeline.html", {"picture": picture})


def test_bars_are_adjacent_and_days_off_are_shaded():
    drawn = layout(timeline(life("10-09 contract_sealed\n10-10 12 submitted"), now=at("10-13")), YEAR)
    assert [(bar.span.x, bar.span.width) for bar in drawn.bars] == [("0.0000%", "37.5000%"), ("37.5000%", "62.5000%")]
    assert [(span.x, span.width) for span in drawn.off] == [
        ("50.0000%", "25.0000%")
    ]  # 11 October alone: the 10th is made up
    assert [bar.number for bar in drawn.bars] == [1, 2] and drawn.total == 3


def test_a_running_line_is_drawn_up_to_its_limit():
    line = timeline(life("09-30 contract_sealed"), now=at("10-01"))
    drawn = layout(line, YEAR, due=due(line, Limits(promised=1), YEAR))
    assert drawn.limit == "100.0000%" and drawn.bars[0].span.width == "11.1111%"  # a day of nine, to 24:00 of 8 October
    assert drawn.off[0].start == Fraction(1, 9) and drawn.off[0].end == Fraction(8, 9)


def test_many_years_have_few_dates():
    line = timeline(life("01-05 announced"), now=at("12-31").replace(year=2034))
    assert 1 <= len(layout(line, YEAR).ticks) <= 6


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_table_says_what_the_bars_show(language):
    page = html.unescape(rendered("whole", language))
    rows = re.findall(r"<tr>\s*<td.*?</tr>", page, flags=re.S)
    assert len(rows) == len(LINES["whole"].segments) == len(re.findall(r'<g class="is-', page))
    with override(language):
        for part, row in zip(LINES["whole"].segments, rows, strict=True):
            assert str(KINDS[part.kind][0]) in row and str(PARTIES[part.party]) in row
    assert "style=" not in page and 'fill="url(#whole-hatch)"' in page
    assert (language == "en") != bool(re.search("[一-鿿]", page))


def test_who_has_the_ball_and_by_when():
    page = rendered("running", "en")
    assert "Approving department" in page and "2026-10-" in page and "Under way" in page
    assert "Overdue" not in page and "Overdue" in rendered("late", "en")


def test_a_line_that_has_not_begun_says_so():
    assert "<svg" not in rendered("none") and "没有开始" in rendered("none")


def test_days_are_told_to_a_hundredth():
    assert [days_told(Fraction(*pair)) for pair in [(15, 4), (4, 1), (1, 3), (1, 200), (10, 1)]] == [
        "3.75", "4", "0.33", "0.01", "10",
    ]  # fmt: skip


@pytest.mark.browser
@pytest.mark.urls("tests.ratings.pages")
@pytest.mark.parametrize("size", ["phone", "desk"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_picture_fits_phone_and_desk(client, new_page, screenshot, size, scheme):
    """The page is made here, with the policy that every page has, and dressed by the site."""
    made = client.get("/pictures/")
    page = new_page(size=size, color_scheme=scheme)
    page.route("**/pictures/", lambda route: route.fulfill(body=made.content, headers=dict(made.headers)))
    page.goto("/pictures/")
    assert page.locator("svg.timeline-bar").count() == 3
    screenshot(page, f"timeline-{scheme}")
