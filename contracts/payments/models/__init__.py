from contracts.payments.models.bills import BillDay, BillRow, Irregularity
from contracts.payments.models.payments import Payment, Refund, Transfer
from contracts.payments.models.requests import Payee, PaymentPolicy, PaymentRequest

__all__ = [
    "BillDay",
    "BillRow",
    "Irregularity",
    "Payee",
    "Payment",
    "PaymentPolicy",
    "PaymentRequest",
    "Refund",
    "Transfer",
]
