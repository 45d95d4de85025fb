"""The tables of the room."""

from approvals.models.applications import Application, Material
from approvals.models.cases import Case, CaseEvent, Category, Fault, Party, Special
from approvals.models.clients import ApiClient
from approvals.models.departments import (
    ApprovalItem,
    Dated,
    DatedQuerySet,
    Department,
    DepartmentBody,
    District,
    Function,
    ItemVersion,
    dated_constraint,
)
from approvals.models.early import EarlyEvent
from approvals.models.national import ServiceInstance
from approvals.models.results import Result

__all__ = [
    "ApiClient",
    "Application",
    "ApprovalItem",
    "Case",
    "CaseEvent",
    "Category",
    "Dated",
    "DatedQuerySet",
    "Department",
    "DepartmentBody",
    "District",
    "EarlyEvent",
    "Fault",
    "Function",
    "ItemVersion",
    "Material",
    "Party",
    "Result",
    "ServiceInstance",
    "Special",
    "dated_constraint",
]
