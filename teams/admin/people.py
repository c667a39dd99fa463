"""Users, workspaces and memberships in the back office."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from teams.admin.support import EntersWorkspaces
from teams.back_office import ScopedAdmin, ScopedTabularInline
from teams.models import Membership, User, Workspace
from teams.roles import Action

if admin.site.is_registered(Group):  # roles are ours, not Django's groups
    admin.site.unregister(Group)


class MembershipInline(ScopedTabularInline):
    """Who is in the workspace, or where the user is."""

    model = Membership
    asks = {"view": Action.READ}
    extra = 0
    autocomplete_fields = ("user", "workspace")


class NewUserForm(UserCreationForm):
    """By e-mail address."""

    class Meta:
        model = User
        fields = ("email", "name")


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ScopedAdmin):
    """People who sign in with an e-mail address.

    Workspace staff see their colleagues and change none: an account is its owner's in
    all their workspaces, and its flags, its address and its password open others too.
    """

    asks = {"view": Action.READ}
    form = UserChangeForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email__istartswith", "name__istartswith")
    ordering = ("email",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    inlines = (MembershipInline,)
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        ("Access", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    colleague_fieldsets = (
        (None, {"fields": ("email", "name")}),
        ("Access", {"fields": ("is_active", "is_staff")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "password1", "password2")}),)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> tuple:
        if obj and not self.has_change_permission(request, obj):
            return self.colleague_fieldsets
        return super().get_fieldsets(request, obj)

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> tuple:
        return self.inlines if obj else ()

    def save_model(
        self, request: HttpRequest, obj: User, form: Any, change: bool
    ) -> None:
        """Who was deactivated stays out of old sessions when active again."""
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data:
            obj.end_sessions()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What people did is remembered under their name: make them inactive."""
        return False


@admin.register(Workspace)
class WorkspaceAdmin(EntersWorkspaces):
    """Customer companies and their people."""

    asks = {"view": Action.READ, "change": Action.MANAGE_WORKSPACE}
    list_display = ("name", "slug", "timezone", "currency", "created_at")
    search_fields = ("name__istartswith", "slug__istartswith")
    ordering = ("name", "id")
    prepopulated_fields = {"slug": ("name",)}
    readonly_fields = ("created_at",)
    actions = ("enter_as_support",)
    inlines = (MembershipInline,)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict:
        return {} if obj else super().get_prepopulated_fields(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple:
        """Addresses that clients keep have the slug in them."""
        fields = super().get_readonly_fields(request, obj)
        is_staffs = self.has_add_permission(request)
        return fields if is_staffs else (*fields, "slug")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """All conversations of a company are not deleted by one click."""
        return False
