"""Template tags of the skeleton: marks, form controls, pages of a list, the menu of a desk."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django import template
from django.conf import settings
from django.core.paginator import Page
from django.forms import (
    BoundField,
    CheckboxInput,
    CheckboxSelectMultiple,
    ClearableFileInput,
    RadioSelect,
    Select,
    Textarea,
    Widget,
)
from django.http import HttpRequest
from django.template import Context
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from accounts.models import Membership, Organisation
from portal import marks
from portal.menu import MenuEntry, menu_of

register = template.Library()


@register.simple_tag
def mark(name: str) -> SafeString:
    """One of the drawings of portal.marks, hidden from readers of screens: the word beside it says the same."""
    path = marks.PATHS.get(name, marks.PATHS["info"])
    return format_html('<svg class="mark" viewBox="0 0 16 16" aria-hidden="true">{}</svg>', mark_safe(path))  # noqa: S308  a constant of portal.marks


@register.simple_tag
def mark_of(status: str) -> marks.Mark:
    """The mark and tone of a status code."""
    return marks.MARKS.get(str(status), marks.UNKNOWN)


@register.simple_tag
def mark_of_level(level: str) -> marks.Mark:
    """The mark and tone of a message level: info, success, warning, error."""
    return marks.LEVELS.get(str(level), marks.LEVELS["info"])


def _class_of(widget: Widget) -> str:
    if isinstance(widget, CheckboxInput | RadioSelect | CheckboxSelectMultiple):
        return "form-check-input"
    return "form-select" if isinstance(widget, Select) else "form-control"


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """The field's widget in our dress, tied to its hint and its error (Django gives the aria attributes)."""
    widget = field.field.widget
    own = widget.attrs.get("class", "")
    attrs: dict[str, str | bool] = {"class": f"{_class_of(widget)} {own}".strip()}
    if isinstance(widget, Textarea) and "rows" not in widget.attrs:
        attrs["rows"] = "5"
    return field.as_widget(attrs=attrs)


@register.simple_tag
def kind_of(field: BoundField) -> str:
    """How a field is laid out: check, choices, file or line."""
    widget = field.field.widget
    if isinstance(widget, CheckboxInput):
        return "check"
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        return "choices"
    return "file" if isinstance(widget, ClearableFileInput) else "line"


@register.simple_block_tag
def table(content: SafeString, *labels: str, num: str = "", spaced: bool = False) -> SafeString:
    """A table of the rows inside, under a head that tells what its columns are called. `num` counts those, from 1, that hold
    numbers: `num="2 4"`. `spaced` leaves a distance above it.
    """
    numbers = {int(place) for place in num.split()}
    columns = [(label, place in numbers) for place, label in enumerate(labels, start=1)]
    return render_to_string("components/table.html", {"columns": columns, "rows": content, "spaced": spaced})


@register.filter
def tick(option: Any) -> SafeString:
    """One radio button or tick box of a field with choices, without its label."""
    option.data["attrs"]["class"] = f"form-check-input {option.data['attrs'].get('class', '')}".strip()
    rendered: SafeString = mark_safe(option.tag())  # noqa: S308 - rendered by the form's own widget template
    return rendered


@register.simple_tag(takes_context=True)
def here(context: Context, name: str) -> SafeString:
    """`aria-current="page"` when the page is the one of this URL name, or under it."""
    request: HttpRequest | None = getattr(context, "request", None)
    try:
        address = reverse(name)
    except NoReverseMatch:
        return SafeString("")
    if request is None or not (request.path == address or (address != "/" and request.path.startswith(address))):
        return SafeString("")
    return SafeString('aria-current="page"')


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """The reader's choice of light or dark, empty when the system decides."""
    request: HttpRequest | None = getattr(context, "request", None)
    chosen = request.COOKIES.get("theme", "") if request is not None else ""
    return chosen if chosen in ("light", "dark") else ""


@register.simple_tag(takes_context=True)
def acting(context: Context) -> dict[str, Any]:
    """Whom the reader acts for (`membership`, `organisation`) and what else there is to choose (`choices`)."""
    request: HttpRequest | None = getattr(context, "request", None)
    user = getattr(request, "user", None)
    if request is None or user is None or not user.is_authenticated:
        return {"membership": None, "organisation": None, "choices": []}
    membership: Membership | None = getattr(request, "membership", None)
    organisation: Organisation | None = getattr(request, "organisation", None)
    active = Membership.objects.active().of_user(user).select_related("organisation").order_by("organisation__name")
    return {"membership": membership, "organisation": organisation, "choices": list(active)}


@register.simple_tag(takes_context=True)
def desk_menu(context: Context) -> list[MenuEntry]:
    """The side bar of the desk for the organisation that the reader acts for."""
    request: HttpRequest | None = getattr(context, "request", None)
    return menu_of(request) if request is not None else []


@register.simple_tag
def elided(page: Page[Any]) -> Iterable[int | str]:
    """The page numbers worth showing: the ends, the neighbours, and gaps between them."""
    return page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)


@register.simple_tag
def countdown_words(over: str | None = None) -> str:
    """The words that countdown.js puts between the numbers."""
    words = {
        "days": _("天"),
        "hours": _("时"),
        "minutes": _("分"),
        "seconds": _("秒"),
        "over": str(over or _("已到时间")),
    }
    return json.dumps(words, ensure_ascii=False)


@register.simple_tag
def is_demo() -> bool:
    """Whether this is a demonstration, whose people and organisations are invented."""
    return bool(settings.DEMO)
