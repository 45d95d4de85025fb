from contracts.models.contracts import Contract, ContractEvent, ContractLine, ContractParty, Milestone
from contracts.models.sealing import SealAuthority, SealCertificate
from contracts.models.terms import ContractPolicy, ContractTemplate

__all__ = [
    "Contract",
    "ContractEvent",
    "ContractLine",
    "ContractParty",
    "ContractPolicy",
    "ContractTemplate",
    "Milestone",
    "SealAuthority",
    "SealCertificate",
]
