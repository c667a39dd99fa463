"""How machines sign in: `Authorization: Bearer flx_…`, an API key of one workspace."""

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication, exceptions

from teams.models import ApiKey, User

NOTED_EVERY = timedelta(minutes=1)


class KeyAuthentication(authentication.BaseAuthentication):
    """The key's maker as the user, the key as `request.auth`."""

    def authenticate(self, request: Any) -> tuple[User, ApiKey] | None:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        key = ApiKey.objects.find(text.strip())
        if key is None or not key.made_by.is_active:
            raise exceptions.AuthenticationFailed("This API key is not valid.")
        if actor := getattr(request._request, "actor", None):
            actor.door = "api key"
        ApiKey.objects.filter(
            Q(last_used_at=None) | Q(last_used_at__lt=Now() - NOTED_EVERY), pk=key.pk
        ).update(last_used_at=Now())
        return key.made_by, key

    def authenticate_header(self, request: Any) -> str:
        return "Bearer"


class KeyScheme(OpenApiAuthenticationExtension):
    """What the OpenAPI document calls it."""

    target_class = KeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "flx_…"}
