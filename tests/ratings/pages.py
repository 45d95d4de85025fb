"""A page of the site that shows nothing but pictures of time, for the tests."""

from __future__ import annotations

from django.http import HttpResponse
from django.template import engines
from django.urls import include, path

from ratings.measures import Limits
from ratings.timeline import Kind, timeline
from ratings.words import picture_of
from tests.ratings.histories import YEAR, at, life

PAGE = """{% extends "public.html" %}{% block content %}{% for picture in pictures %}
{% include "components/timeline.html" with picture=picture only %}{% endfor %}{% endblock %}"""
WHOLE = """08-28 10 announced
09-02 round_failed charged_to=owner
09-03 announced
09-08 14 awarded
09-09 10 sealed by=firm
09-10 contract_sealed
09-14 input_asked
09-15 12 input_provided
09-18 blocked
09-21 unblocked
09-22 15 submitted
09-23 10 returned quality
09-24 16 submitted
09-28 accepted
09-28 12 case_received
09-29 12 case_accepted
10-08 special_started
10-10 special_ended
10-12 12 correction_asked fault=deliverable
10-13 12 case_resubmitted
"""
LIMITS = Limits(promised=8, committed=10, others={Kind.REVIEW: 5})
LINES = {
    "whole": timeline(life(WHOLE + "10-16 12 case_decided outcome=granted"), now=at("11-01")),
    "running": timeline(life(WHOLE), now=at("10-14 09")),
    "late": timeline(life("09-21 contract_sealed"), now=at("10-16 12")),
    "none": timeline([], now=at("10-16 12")),
}


def pictures():
    return [picture_of(line, LIMITS, YEAR, name=name) for name, line in LINES.items()]


def page(request):
    return HttpResponse(engines["django"].from_string(PAGE).render({"pictures": pictures()}, request))


urlpatterns = [path("pictures/", page), path("", include("config.urls"))]
