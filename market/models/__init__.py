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
from market.models.reuse import Region, RegionalAssessment, Reuse

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
    "Region",
    "RegionalAssessment",
    "RequiredQualification",
    "Reuse",
    "Service",
    "ServiceVersion",
    "Suspension",
]
