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
from market.models.projects import (
    Need,
    NeedRule,
    Part,
    Project,
    RequiredQualification,
    services_in,
)
from market.models.reuse import Region, RegionalAssessment, Reuse
from market.models.together import CombinationPolicy, FurtherService, ServiceBundle

__all__ = [
    "Admission",
    "AdmissionPolicy",
    "AffiliationDeclaration",
    "CombinationPolicy",
    "Firm",
    "FurtherService",
    "Need",
    "NeedRule",
    "Offering",
    "Part",
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
    "ServiceBundle",
    "ServiceVersion",
    "Suspension",
    "services_in",
]
