"""Addresses of payments."""

from django.urls import path

from contracts.payments.views import alipay, desks, requests

app_name = "payments"

urlpatterns = [
    path("payments/alipay/notify/", alipay.notify, name="notify"),
    path("owners/<word:code>/payments/", desks.owner_public, name="owner_public"),
    path("desk/firm/payments/", desks.firm_desk, name="firm_desk"),
    path("desk/firm/payments/payee/", desks.payee, name="payee"),
    path("desk/firm/payments/ask/<word:contract>/<int:number>/", desks.ask, name="ask"),
    path("desk/owner/payments/", desks.owner_desk, name="owner_desk"),
    path("desk/regulator/payments/", desks.regulator_desk, name="regulator_desk"),
    path("desk/reconciliation/", alipay.reconciliation, name="reconciliation"),
    path("desk/reconciliation/read/", alipay.read_bill, name="read_bill"),
    path("desk/payments/<word:code>/", requests.request_page, name="request"),
    path("desk/payments/<word:code>/invoice/", requests.invoice, name="invoice"),
    path("desk/payments/<word:code>/transfers/<int:number>/", requests.proof, name="proof"),
    path("desk/payments/<word:code>/pay/", requests.pay, name="pay"),
    path("desk/payments/<word:code>/cancel/", requests.cancel, name="cancel"),
    path("desk/payments/<word:code>/returned/", requests.returned, name="returned"),
    path("desk/payments/<word:code>/send-back/", requests.send_back, name="send_back"),
    path("desk/payments/<word:code>/withdraw/", requests.withdraw, name="withdraw"),
    path("desk/payments/<word:code>/transfer/", requests.transfer, name="transfer"),
    path("desk/payments/<word:code>/arrived/", requests.arrived, name="arrived"),
    path("desk/payments/<word:code>/refund/", requests.refund, name="refund"),
]
