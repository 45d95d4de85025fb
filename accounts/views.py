"""Signing up, in and out, the second factor, the account, and for whom one acts."""

from __future__ import annotations

from typing import Any

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django_otp import login as verify
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.domain import joining, tokens
from accounts.domain.acting import SESSION_KEY, act_for
from accounts.forms import ApiTokenForm, MemberForm, SignInForm, SignUpForm, TokenForm
from accounts.models import WRITERS, ApiToken, Kind, Membership, Role, User
from accounts.rules import SessionRequest, signed_in
from core.errors import DomainError
from core.ratelimit import by_user, limited


@method_decorator(limited("sign_in", "30/m"), name="dispatch")
class SignIn(LoginView):
    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True


class ChangePassword(PasswordChangeView):
    template_name = "accounts/change_password.html"
    success_url = reverse_lazy("accounts:account")

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, _("密码已更改。"))
        return super().form_valid(form)


@require_POST
def sign_out(request: SessionRequest) -> HttpResponse:
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


def locked_out(request: SessionRequest, credentials: dict[str, Any] | None = None, *args: Any) -> HttpResponse:
    """Too many wrong passwords: what happened, and when it ends."""
    minutes = round(settings.AXES_COOLOFF_TIME * 60)
    return render(
        request, "accounts/locked_out.html", {"minutes": minutes, "tries": settings.AXES_FAILURE_LIMIT}, status=429
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("sign_up", "20/h")
def sign_up(request: SessionRequest) -> HttpResponse:
    """Open an account with its organisation and begin to work."""
    if request.user.is_authenticated:
        return redirect("accounts:account")
    form = SignUpForm(request.POST or None, initial={"kind": request.GET.get("kind", "")})
    if request.method != "POST":
        return render(request, "accounts/sign_up.html", {"form": form})
    if not form.is_valid():
        return render(request, "accounts/sign_up.html", {"form": form}, status=422)
    given = {name: value for name, value in form.cleaned_data.items() if name != "password_again"}
    try:
        membership = joining.sign_up(**{**given, "kind": Kind(given["kind"])})
    except DomainError as refused:
        form.add_error(refused.code if refused.code in form.fields else None, str(refused))
        return render(request, "accounts/sign_up.html", {"form": form}, status=409)
    login(request, membership.user, backend="django.contrib.auth.backends.ModelBackend")
    messages.success(request, _("注册成功。"))
    return redirect("portal:desk")


@signed_in
@require_POST
def act(request: SessionRequest) -> HttpResponse:
    """Act for another of one's organisations."""
    try:
        membership = act_for(request, int(request.POST.get("membership", "")))
    except (DomainError, ValueError):
        messages.error(request, _("您不能代表这个机构，或成员关系已经结束。"))
        return redirect("portal:desk")
    messages.success(request, _("现在代表 %(name)s。") % {"name": membership.organisation.public_name})
    return redirect("portal:desk")


@signed_in
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("second_factor", "10/m", by=by_user)
def second_factor(request: SessionRequest) -> HttpResponse:
    """Show the second factor; the first time, set it up. Setting up needs no earlier factor and happens only once."""
    onwards = _onwards(request)
    if request.user.is_verified():
        return redirect(onwards)
    device, fresh = _device(request)
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if _accepts(device, form.cleaned_data["token"]):
            verify(request, device)
            return redirect(onwards)
        form.add_error("token", _("动态码不对，或已经用过。请等下一个，并检查手机的时间。"))
    context = {"form": form, "fresh": fresh, "next": onwards}
    if fresh:
        secret = device.config_url.partition("secret=")[2].partition("&")[0]
        context |= {
            "qr": segno.make(device.config_url, micro=False).svg_data_uri(scale=4, border=2, light="#fff"),
            "secret": secret,
        }
    return render(request, "accounts/second_factor.html", context, status=422 if form.errors else 200)


def _device(request: SessionRequest) -> tuple[TOTPDevice, bool]:
    """The person's authenticator, and whether it is still to be set up."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=request.user.pk)
        own = TOTPDevice.objects.filter(user=request.user)
        device = own.filter(confirmed=True).first()
        if device is not None:
            return device, False
        return own.filter(confirmed=False).first() or TOTPDevice.objects.create(
            user=request.user, name=_("动态码"), confirmed=False
        ), True


def _accepts(device: TOTPDevice, token: str) -> bool:
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().get(pk=device.pk)
        allowed, _why = device.verify_is_allowed()
        if not allowed or not device.verify_token(token):
            return False
        if not device.confirmed:
            device.confirmed = True
            device.save(update_fields=["confirmed"])
    return True


def _onwards(request: SessionRequest) -> str:
    """Where the person wanted to go; only within this site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe and wanted.startswith("/") else reverse("portal:desk")


@signed_in
@never_cache
@require_http_methods(["GET", "HEAD"])
def account(request: SessionRequest) -> HttpResponse:
    return _account(request, MemberForm())


@signed_in
@require_POST
@limited("add_member", "30/h", by=by_user)
def add_member(request: SessionRequest) -> HttpResponse:
    """Let another registered person act for the organisation."""
    form = MemberForm(request.POST)
    if not form.is_valid() or request.membership is None:
        return _account(request, form, status=422)
    try:
        added = joining.add_member(by=request.membership, **form.cleaned_data)
    except DomainError as refused:
        form.add_error("username" if refused.code == "username" else None, str(refused))
        return _account(request, form, status=409)
    messages.success(request, _("%(name)s 现在可以代表本机构。") % {"name": added.user.username})
    return redirect("accounts:account")


@signed_in
@require_POST
def end_membership(request: SessionRequest, pk: int) -> HttpResponse:
    """End a membership of the organisation."""
    if request.membership is None:
        return redirect("accounts:account")
    try:
        ended = joining.end_membership(by=request.membership, membership_id=pk)
    except DomainError as refused:
        messages.error(request, str(refused))
        return redirect("accounts:account")
    if ended.user_id == request.user.pk:
        request.session.pop(SESSION_KEY, None)
    messages.success(request, _("%(name)s 不再代表本机构。") % {"name": ended.user.username})
    return redirect("accounts:account")


@signed_in
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("api_tokens", "20/h", by=by_user)
def api_tokens(request: SessionRequest) -> HttpResponse:
    """The tokens of one's own membership: made here and shown once, never again."""
    membership = request.membership
    if membership is None or not membership.has_role(WRITERS):
        raise Http404
    form, token = ApiTokenForm(request.POST if request.method == "POST" else None), ""
    if request.method == "POST" and form.is_valid():
        try:
            token = tokens.issue_token(membership=membership, label=form.cleaned_data["label"])
            form = ApiTokenForm()
        except DomainError as refused:
            form.add_error(None, str(refused))
    context = {
        "form": form,
        "token": token,
        "tokens": ApiToken.objects.usable().filter(membership=membership).order_by("-created_at"),
        "membership": membership,
    }
    return render(request, "accounts/api_tokens.html", context, status=422 if form.errors else 200)


@signed_in
@require_POST
def revoke_token(request: SessionRequest, pk: int) -> HttpResponse:
    """End a token of one's own membership."""
    if request.membership is None:
        raise Http404
    try:
        tokens.revoke_token(membership=request.membership, token_id=pk)
    except ApiToken.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("令牌已作废。"))
    return redirect("accounts:api_tokens")


def _account(request: SessionRequest, form: MemberForm, *, status: int = 200) -> HttpResponse:
    membership = request.membership
    is_admin = membership is not None and membership.role == Role.ADMIN
    members = (
        Membership.objects.active().filter(organisation=membership.organisation).select_related("user").order_by("pk")
        if membership is not None
        else []
    )
    context = {
        "form": form,
        "members": members,
        "is_admin": is_admin,
        "membership": membership,
        "may_write": membership is not None and membership.has_role(WRITERS),
    }
    return render(request, "accounts/account.html", context, status=status)
