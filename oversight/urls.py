"""Addresses of oversight, a list for each part of the room."""

from django.urls import path

from oversight.views import (
    alerts,
    decisions,
    desk,
    graph,
    inquiries,
    late,
    network,
    prices,
    rules,
    shares,
    unpaid,
    waiting,
)

app_name = "oversight"

of_desk = [
    path("desk/oversight/", desk.desk, name="desk"),
    path("desk/oversight/ties/", desk.ties, name="ties"),
    path("desk/oversight/shares/", shares.shares, name="shares"),
    path("desk/oversight/network/", network.network, name="network"),
    path("desk/oversight/network/<word:one>/<word:other>/", network.pair, name="pair"),
    path("desk/oversight/late/", late.departments, name="late"),
    path("desk/oversight/late/<int:pk>/", late.cases, name="late_cases"),
    path("desk/oversight/unpaid/", unpaid.owners, name="unpaid"),
    path("desk/oversight/unpaid/<word:code>/", unpaid.requests, name="unpaid_requests"),
    path("desk/oversight/rounds/<round:code>/prices/", prices.prices, name="prices"),
    path("desk/oversight/ties.csv", desk.ties_file, name="ties_file"),
]
of_graph = [
    path("desk/oversight/search/", graph.search, name="search"),
    path("desk/oversight/graph/<int:pk>/", graph.graph, name="graph"),
    path("desk/oversight/graph/<int:pk>/table.csv", graph.table, name="graph_table"),
]

leads = [
    path("desk/alerts/", alerts.alerts, name="alerts"),
    path("desk/alerts/part/", alerts.alerts_part, name="alerts_part"),
    path("desk/alerts/rules/", rules.rules, name="rules"),
    path("desk/alerts/rules/<word:code>/", rules.rule, name="rule"),
    path("desk/alerts/<int:pk>/", alerts.alert, name="alert"),
    path("desk/alerts/<int:pk>/dismiss/", alerts.dismiss, name="dismiss"),
    path("desk/alerts/<int:pk>/inquire/", alerts.inquire, name="inquire"),
]
cases = [
    path("desk/inquiries/", inquiries.inquiries, name="inquiries"),
    path("desk/inquiries/waiting/part/", waiting.part, name="waiting_part"),
    path("desk/inquiries/<word:code>/", inquiries.inquiry, name="inquiry"),
    path("desk/inquiries/<word:code>/evidence/<int:number>/", inquiries.frozen, name="frozen"),
    path("desk/inquiries/<word:code>/files/<int:event>/<int:number>/", inquiries.file, name="inquiry_file"),
    path("desk/inquiries/<word:code>/<slug:step>/", inquiries.step, name="inquiry_step"),
]
public = [
    path("oversight/decisions/", decisions.decisions, name="decisions"),
    path("oversight/decisions/<word:code>/", decisions.decision, name="decision"),
    path("firms/<word:uscc>/decisions/part/", decisions.firm_part, name="firm_decisions_part"),
]

urlpatterns = [*of_desk, *of_graph, *leads, *cases, *public]
