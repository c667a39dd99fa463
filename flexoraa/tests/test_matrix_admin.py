"""T28: the back office from the registry: every list, page, form, filter, look-up,
choice, inline and action of every admin, by staff of one workspace."""

import re
from collections import Counter

import pytest
from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.urls import reverse

from flexoraa.tests.routes import ROUTES, sample_url
from flexoraa.tests.worlds import (
    MARK,
    Worlds,
    _nothing_leaves,
    body_of,
    browser,
    references_that_cross,
    worlds,
)
from teams import roles
from teams.back_office import ScopedAdmin
from teams.back_office.reach import is_tenant, within
from teams.models import User
from teams.roles import Role

__all__ = ["_nothing_leaves", "worlds"]
pytestmark = pytest.mark.django_db
ADMINS = admin.site._registry
TENANT = {model: found for model, found in ADMINS.items() if is_tenant(model)}
PROBES: Counter[str] = Counter()
ROLES = list(Role.values)
ABSENT = 10**12
VIEWS = ("change", "history", "delete")


def name_of(model) -> str:
    return f"admin:{model._meta.app_label}_{model._meta.model_name}"


def enter(worlds: Worlds, role: str) -> Client:
    """Somebody with this role in our workspace, who may enter the back office."""
    user = User.objects.get(email=f"{role}@acme.example")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    return browser(user)


def ask(client, method: str, url: str, data=None):
    """The answer; what it did is undone."""
    PROBES["requests"] += 1
    with transaction.atomic():
        response = getattr(client, method)(url, data or {})
        response.told = body_of(response)
        response.crossing = references_that_cross() if method == "post" else {}
        transaction.set_rollback(True)
    assert response.status_code < 500, (method, url, data)
    assert response.crossing == {}, (method, url, data)
    return response


def their_row(worlds: Worlds, model):
    if model is User:
        return User.objects.get(email="canary-owner@canary-corp.example")
    return worlds.theirs.made.get(model)


def assert_unharmed(worlds: Worlds, response, *told):
    assert not worlds.is_leaking(response.told), told
    assert worlds.touched() == set(), told


def test_every_admin_of_tenant_rows_is_scoped():
    assert len(TENANT) >= 8
    assert [
        found for found in TENANT.values() if not isinstance(found, ScopedAdmin)
    ] == []


@pytest.mark.parametrize("role", ["owner", "member"])
def test_lists_and_searches_have_only_ours(role, worlds: Worlds):
    staff = enter(worlds, role)
    for model in ADMINS:
        url = reverse(f"{name_of(model)}_changelist")
        for query in ("", "?q=canary", "?q=C", "?o=1", "?all=", "?p=1"):
            answer = ask(staff, "get", url + query)
            assert answer.status_code in (200, 302, 403), url + query
            assert_unharmed(worlds, answer, url, query)


@pytest.mark.parametrize("role", ["owner", "member"])
def test_theirs_is_like_absent(role, worlds: Worlds):
    staff = enter(worlds, role)
    for model in TENANT:
        row = their_row(worlds, model)
        for view in VIEWS:
            for method in ("get", "post"):
                urls = [
                    reverse(f"{name_of(model)}_{view}", args=[pk])
                    for pk in (row.pk, ABSENT)
                ]
                theirs, absent = (
                    ask(staff, method, url, {"post": "yes"}) for url in urls
                )
                assert theirs.status_code == absent.status_code != 200, urls
                assert_unharmed(worlds, theirs, urls)


@pytest.mark.parametrize("role", ["owner"])
def test_pages_of_the_admins_own_find_only_ours(role, worlds: Worlds):
    """Every address in the back office that takes a number, with theirs and none."""
    staff = enter(worlds, role)
    pks = {row.pk for row in (their_row(worlds, model) for model in TENANT) if row}
    for route in ROUTES:
        if not route.path.startswith("admin/") or "<" not in route.path:
            continue
        if re.search(r"(?<=object_id>)/(change|history|delete)/$", route.path):
            continue  # asked for above
        names = re.findall(r"<(?:\w+:)?(\w+)>", route.path)
        for method in ("get", "post"):
            for pk in pks:
                url = sample_url(route, **dict.fromkeys(names, pk))
                answer = ask(staff, method, url, {"change": "resolve", "post": "yes"})
                assert_unharmed(worlds, answer, url)


@pytest.mark.parametrize("role", ["owner"])
def test_choices_have_only_ours(role, worlds: Worlds):
    """The look-up behind a choice that is typed, for every relation of every row."""
    staff = enter(worlds, role)
    for model in TENANT:
        for field in model._meta.concrete_fields:
            if not field.is_relation:
                continue
            query = {
                "app_label": model._meta.app_label,
                "model_name": model._meta.model_name,
                "field_name": field.name,
            }
            for term in ("", "C", MARK):
                answer = ask(
                    staff, "get", reverse("admin:autocomplete"), {**query, "term": term}
                )
                assert answer.status_code in (200, 403, 404), query
                assert_unharmed(worlds, answer, query, term)


@pytest.mark.parametrize("role", ["owner"])
def test_forms_offer_only_ours(role, worlds: Worlds):
    """The pages that add and change, their inlines, and what forged posts get."""
    staff = enter(worlds, role)
    for model in TENANT:
        row = worlds.ours.made.get(model)
        urls = [reverse(f"{name_of(model)}_add")]
        urls += [reverse(f"{name_of(model)}_change", args=[row.pk])] if row else []
        for url in urls:
            answer = ask(staff, "get", url)
            assert_unharmed(worlds, answer, url)
            forms = forms_of(answer)
            for name, offered in relations_in(forms):
                if not name.endswith("-id") and is_tenant(offered.model):
                    others = within(offered, {worlds.theirs.workspace.pk})
                    assert not others.exists(), (url, name)
                forged = forgery(worlds, forms, name, offered.model)
                assert_unharmed(worlds, ask(staff, "post", url, forged), url, name)


def forms_of(answer) -> list:
    context = answer.context or {}
    found = [context["adminform"].form] if "adminform" in context else []
    for inline in context.get("inline_admin_formsets", []) if context else []:
        found += [*inline.formset.forms, inline.formset.empty_form]
        found.append(inline.formset.management_form)
    return found


def relations_in(forms):
    """(name, rows offered) of each field that points to rows."""
    for form in forms:
        for name, field in form.fields.items():
            if getattr(field, "queryset", None) is not None:
                yield form.add_prefix(name), field.queryset


def forgery(worlds: Worlds, forms, name: str, model) -> dict:
    """A post of the page's own values, one of them pointed at the other company."""
    data = {}
    for form in forms:
        for key in form.fields:
            value = form[key].value()
            if value is not None:
                data[form.add_prefix(key)] = value
    row = worlds.theirs.made.get(model) or worlds.theirs.workspace
    return {**data, name: row.pk}


@pytest.mark.parametrize("role", ["owner"])
def test_filters_name_only_ours(role, worlds: Worlds):
    staff = enter(worlds, role)
    for model, found in TENANT.items():
        url = reverse(f"{name_of(model)}_changelist")
        for item in found.list_filter:
            path = item[0] if isinstance(item, tuple | list) else item
            if not isinstance(path, str):
                continue
            row = their_row(worlds, path_model(model, path))
            if row is not None:
                answer = ask(staff, "get", url, {f"{path}__id__exact": row.pk})
                assert_unharmed(worlds, answer, url, path)


def path_model(model, path: str):
    for part in path.split("__"):
        model = getattr(model._meta.get_field(part), "related_model", None) or model
    return model


@pytest.mark.parametrize("role", ["owner"])
def test_no_lookup_guesses(role, worlds: Worlds):
    """What is not a filter on the page is refused, whichever column it is about."""
    staff = enter(worlds, role)
    for model, found in TENANT.items():
        if not found.asks:
            continue
        url = reverse(f"{name_of(model)}_changelist")
        for field in model._meta.concrete_fields:
            suffixes = ["startswith"]
            if field.is_relation:
                suffixes = ["memberships__workspace__name__startswith", "pk__gt"]
            for suffix in suffixes:
                query = {f"{field.name}__{suffix}": "C"}
                answer = ask(staff, "get", url, query)
                assert answer.status_code in (302, 400, 403), (url, query)
                assert_unharmed(worlds, answer, url, query)


@pytest.mark.parametrize("role", ["owner", "member"])
def test_actions_touch_nothing_of_theirs(role, worlds: Worlds):
    """Each action, with theirs ticked and with everything selected, confirmed too."""
    staff = enter(worlds, role)
    for model, found in TENANT.items():
        url, row = reverse(f"{name_of(model)}_changelist"), their_row(worlds, model)
        for _, action, _ in found._get_base_actions():
            for across in ("0", "1"):
                data = {
                    "action": action,
                    "index": "0",
                    "select_across": across,
                    "_selected_action": [row.pk],
                    "post": "yes",
                    "confirmed": "yes",
                }
                PROBES["actions"] += 1
                assert_unharmed(worlds, ask(staff, "post", url, data), url, action)


WRITABLE = {"add": "add", "change": "change", "delete": "delete", "history": "view"}


@pytest.mark.parametrize("role", ROLES)
def test_the_table_decides(role, worlds: Worlds):
    """What the role may not do to ours is refused, page by page."""
    staff = enter(worlds, role)
    for model, found in TENANT.items():
        row = worlds.ours.made.get(model)
        if row is None or model is User:
            continue
        for page, verb in WRITABLE.items():
            may = roles.may(role, found.asks.get(verb, ""))
            args = [] if page == "add" else [row.pk]
            url = reverse(f"{name_of(model)}_{page}", args=args)
            sees = roles.may(role, found.asks.get("view", ""))
            answer = ask(staff, "post" if page == "change" else "get", url)
            if not may:
                refused = {403} if sees or page == "add" else {302, 403}
                if type(found).change_view is not ScopedAdmin.change_view:
                    refused |= {200}  # a page of its own, which saves nothing
                assert answer.status_code in refused, (url, role)


def test_strangers_stay_outside(worlds: Worlds):
    for who in ("anonymous", "stranger", "ex-member", "staff", *ROLES):
        client = worlds.browsers[who]
        for model in ADMINS:
            url = reverse(f"{name_of(model)}_changelist")
            answer = ask(client, "get", url)
            assert answer.status_code == 302, (who, url)
            assert_unharmed(worlds, answer, who, url)


def test_no_flag_opens_more(worlds: Worlds):
    """T29: nobody becomes staff, superuser or a member of groups by a post."""
    staff = enter(worlds, "owner")
    before = list(User.objects.order_by("pk").values())
    for user in User.objects.all():
        for suffix in ("change", "delete", "history"):
            url = reverse(f"admin:teams_user_{suffix}", args=[user.pk])
            ask(
                staff,
                "post",
                url,
                {"is_superuser": "on", "is_staff": "on", "groups": 1},
            )
        ask(
            staff,
            "post",
            reverse("admin:auth_user_password_change", args=[user.pk]),
            {"password1": "a-new-long-password", "password2": "a-new-long-password"},
        )
    ask(staff, "post", reverse("admin:teams_user_add"), {"email": "x@example.com"})
    assert list(User.objects.order_by("pk").values()) == before


def test_the_count(worlds: Worlds, capsys):
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{len(TENANT)} admins of tenant rows of {len(ADMINS)}: "
            f"{PROBES['requests']} requests, {PROBES['actions']} actions, 0 findings"
        )
    assert len(ADMINS) >= len(TENANT)
