"""What django-allauth asks of us: how people sign up and in, and how they are told."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.mfa.adapter import DefaultMFAAdapter
from django import forms
from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.hashers import make_password
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from flexoraa.lib import crypto
from flexoraa.lib.addresses import client_address
from flexoraa.lib.lookups import Lookup
from teams import attempts, mailing, signing_up
from teams.models import User

INVITATION = "invitation"  # the session's key for the token that a link brought


NOWHERE = "0.0.0.0"  # noqa: S104 (of a unix socket: the list of sessions wants one)


class SignupForm(forms.Form):
    """What is asked at sign-up beside address and password."""

    name = forms.CharField(
        max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    company = forms.CharField(
        max_length=120,
        required=False,
        help_text="Names your workspace. Not needed if you were invited into one.",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )

    def signup(self, request: HttpRequest, user: User) -> None:
        """Everything is saved by then (AccountAdapter.save_user)."""


_user = Lookup(lambda key: User.objects.filter(pk=key))


class Backend(AuthenticationBackend):
    """Passwords by allauth; who is signed in by a look-up that is compiled once."""

    def get_user(self, user_id: int) -> User | None:
        user = _user(user_id)
        return user if user and self.user_can_authenticate(user) else None


class AccountAdapter(DefaultAccountAdapter):
    """Accounts: own counters for wrong passwords, mail by the queue."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """A closed installation still takes whom somebody invited."""
        return settings.SIGN_UP_OPEN or INVITATION in request.session

    def save_user(self, request: Any, user: Any, form: Any, commit: bool = True) -> Any:
        user.name = form.cleaned_data["name"]
        user.company = form.cleaned_data.get("company", "")
        return super().save_user(request, user, form, commit)

    def confirm_email(self, request: HttpRequest, email_address: Any) -> bool:
        confirmed = super().confirm_email(request, email_address)
        if confirmed:
            signing_up.settle(email_address.user)
        return confirmed

    def get_email_verification_redirect_url(self, email_address: Any) -> str:
        """Back to the invitation that the link in the first mail brought."""
        if INVITATION in self.request.session:
            return settings.INVITATION_PAGE
        return super().get_email_verification_redirect_url(email_address)

    def is_safe_url(self, url: str) -> bool:
        """Our own host, or that of the application in front of us; allauth's own check
        fails on some addresses instead of refusing them."""
        hosts = {self.request.get_host(), urlsplit(settings.FRONTEND_URL).netloc}
        return url_has_allowed_host_and_scheme(
            url, hosts - {""}, require_https=self.request.is_secure()
        )

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request) or NOWHERE

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        self._attempt = attempts.Attempt(request, credentials.get("email", ""))
        if not self._attempt.take():
            raise self.validation_error("too_many_login_attempts")

    def _rollback_login_failed_rl_usage(self) -> None:
        self._attempt.give_back()

    def _delete_login_attempts_cached_email(
        self, request: HttpRequest, **credentials: Any
    ) -> None:
        attempts.forgive(credentials["email"])

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> Any:
        response = super().post_login(request, user, **kwargs)
        attempts.remember(request, response, user.email)
        return response

    def send_mail(self, template_prefix: str, email: str, context: dict) -> None:
        """Rendered by allauth, sent by the worker."""
        rendered = self.render_mail(
            template_prefix,
            email,
            {"request": self.request, "email": email, "current_site": SITE, **context},
        )
        html = ""
        if isinstance(rendered, EmailMultiAlternatives) and rendered.alternatives:
            html = str(rendered.alternatives[0][0])
        mailing.post(email, str(rendered.subject), str(rendered.body), html)

    def send_account_already_exists_mail(self, email: str) -> None:
        """Whoever signs up with a known address waits as long as with a new one."""
        make_password("as long as hashing takes")
        super().send_account_already_exists_mail(email)


class Site:
    """What allauth's mails call us."""

    name = "Flexoraa"
    domain = "Flexoraa"


SITE = Site()


class MfaAdapter(DefaultMFAAdapter):
    """Seeds of second factors are sealed like every other secret at rest."""

    def encrypt(self, text: str) -> str:
        return crypto.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return crypto.decrypt(encrypted_text)


def end_other_sessions(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """A second factor came, changed or went: every other session ends."""
    user.end_sessions()
    update_session_auth_hash(request, user)
