from contracts.models.contracts import Contract, ContractLine, ContractParty
from contracts.models.delivery import QUALITY, REFERENCE, Deliverable, Matter, Reason
from contracts.models.events import ContractEvent
from contracts.models.filing import Filing
from contracts.models.milestones import Milestone
from contracts.models.sealing import SealAuthority, SealCertificate
from contracts.models.supplements import Supplement, SupplementSeal
from contracts.models.terms import ContractPolicy, ContractTemplate

__all__ = [
    "QUALITY",
    "REFERENCE",
    "Contract",
    "ContractEvent",
    "ContractLine",
    "ContractParty",
    "ContractPolicy",
    "ContractTemplate",
    "Deliverable",
    "Filing",
    "Matter",
    "Milestone",
    "Reason",
    "SealAuthority",
    "SealCertificate",
    "Supplement",
    "SupplementSeal",
]
