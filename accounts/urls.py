"""Addresses of the account."""

from django.urls import path

from accounts import views

app_name = "accounts"

urlpatterns = [
    path("", views.account, name="account"),
    path("sign-in/", views.SignIn.as_view(), name="sign_in"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("sign-up/", views.sign_up, name="sign_up"),
    path("second-factor/", views.second_factor, name="second_factor"),
    path("password/", views.ChangePassword.as_view(), name="change_password"),
    path("act/", views.act, name="act"),
    path("tokens/", views.api_tokens, name="api_tokens"),
    path("tokens/<int:pk>/revoke/", views.revoke_token, name="revoke_token"),
    path("members/", views.add_member, name="add_member"),
    path("members/<int:pk>/end/", views.end_membership, name="end_membership"),
]
