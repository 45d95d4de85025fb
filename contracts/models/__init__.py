from contracts.models.contracts import Contract, ContractEvent, ContractLine, ContractParty, Milestone
from contracts.models.delivery import QUALITY, REFERENCE, Deliverable, Matter, Reason
from contracts.models.sealing import SealAuthority, SealCertificate
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
    "Matter",
    "Milestone",
    "Reason",
    "SealAuthority",
    "SealCertificate",
]
