"""People who sign in."""

import uuid
from typing import Any

from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac

from flexoraa.lib.ids import uuid7
from teams import audit


class UserManager(BaseUserManager):
    """Makes users by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any):
        """A user with this address, which is kept in lower case."""
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any):
        """Platform staff: sees every workspace in the admin. Who can make one has the
        machine, so that the address is taken as verified."""
        user = self.create_user(
            email, password, **{"is_staff": True, "is_superuser": True, **fields}
        )
        user.verify_email()
        return user

    def get_by_natural_key(self, email: str | None):
        return self.get(email=(email or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in with an e-mail address."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    email = models.EmailField("e-mail address", unique=True)
    name = models.CharField(max_length=150, blank=True)
    is_active = models.BooleanField(
        default=True, help_text="Untick instead of deleting the account."
    )
    is_staff = models.BooleanField(
        "back office", default=False, help_text="May sign in to the back office."
    )
    date_joined = models.DateTimeField(auto_now_add=True)
    company = models.CharField(
        max_length=120,
        blank=True,
        editable=False,
        help_text="Asked at sign-up: the workspace that is made when the address is "
        "verified, unless they were invited.",
    )
    session_stamp = models.UUIDField(default=uuid.uuid4, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="teams_user_one_per_email")
        ]
        triggers = audit.tracked(
            "user",
            "email",
            "name",
            "is_active",
            "is_staff",
            "is_superuser",
            secrets=["password"],
            label="r.email",
            workspace="NULL",
        )

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)

    def clean(self) -> None:
        self.email = self.email.strip().lower()

    def verify_email(self) -> None:
        """Mail to the address reaches them: they may sign in, and accept what was
        sent there."""
        apps.get_model("account.EmailAddress").objects.update_or_create(
            user=self, email=self.email, defaults={"primary": True, "verified": True}
        )

    def end_sessions(self) -> None:
        """All sessions end at their next request; who asked for it keeps theirs by
        `update_session_auth_hash`. A new password does this without being told."""
        self.session_stamp = uuid.uuid4()
        self.save(update_fields=["session_stamp"])

    def _get_session_auth_hash(self, secret: Any = None) -> str:
        """What a session is compared with: also the stamp, not the password alone."""
        return salted_hmac(
            "teams.models.User.session",
            f"{self.password}{self.session_stamp}",
            secret=secret,
            algorithm="sha256",
        ).hexdigest()
