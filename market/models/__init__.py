from market.models.catalogue import QualificationKind, Service, ServiceVersion
from market.models.firms import (
    Admission,
    AdmissionPolicy,
    AffiliationDeclaration,
    Firm,
    Offering,
    Practitioner,
    PractitionerRegistration,
    Qualification,
    Suspension,
)
from market.models.projects import Need, NeedRule, Project, RequiredQualification

__all__ = [
    "Admission",
    "AdmissionPolicy",
    "AffiliationDeclaration",
    "Firm",
    "Need",
    "NeedRule",
    "Offering",
    "Practitioner",
    "PractitionerRegistration",
    "Project",
    "Qualification",
    "QualificationKind",
    "RequiredQualification",
    "Service",
    "ServiceVersion",
    "Suspension",
]
