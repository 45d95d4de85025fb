"""Addresses of oversight: short lists, one for each part of the regulator's desk."""

from django.urls import path

from oversight.views import desk, graph, prices, shares

app_name = "oversight"

of_desk = [
    path("desk/oversight/", desk.desk, name="desk"),
    path("desk/oversight/ties/", desk.ties, name="ties"),
    path("desk/oversight/shares/", shares.shares, name="shares"),
    path("desk/oversight/rounds/<round:code>/prices/", prices.prices, name="prices"),
    path("desk/oversight/ties.csv", desk.ties_file, name="ties_file"),
]
of_graph = [
    path("desk/oversight/search/", graph.search, name="search"),
    path("desk/oversight/graph/<int:pk>/", graph.graph, name="graph"),
    path("desk/oversight/graph/<int:pk>/table.csv", graph.table, name="graph_table"),
]

urlpatterns = [*of_desk, *of_graph]
