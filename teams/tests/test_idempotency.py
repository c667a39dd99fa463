"""The same request again and again has its effect once (T08)."""

import json
import threading
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from flexoraa.lib.errors import Conflict
from flexoraa.lib.tests.races import at_once, without
from teams import housekeeping
from teams.api import idempotency
from teams.models import IdempotencyKey, Workspace

pytestmark = pytest.mark.django_db
AT_ONCE = 20


def create(client, key, name="New", **headers):
    return client.post(
        "/api/workspaces",
        {"name": name},
        content_type="application/json",
        headers={"Idempotency-Key": key, **headers},
    )


@pytest.fixture
def api(client, workspace, make_member):
    client.force_login(make_member(workspace))
    return client


def code_of(response):
    return response.status_code, response.json()["errors"][0]["code"]


def test_the_second_time_gives_the_first_answer(api):
    first, second = create(api, "k1"), create(api, "k1")
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert Workspace.objects.filter(name="New").count() == 1


def test_the_same_key_with_something_else_is_refused(api):
    create(api, "k1")
    assert code_of(create(api, "k1", name="Other")) == (422, "key_reused")
    assert not Workspace.objects.filter(name="Other").exists()


def test_another_key_and_no_key_are_other_requests(api):
    for key in ("k1", "k2"):
        assert create(api, key).status_code == 201
    body = {"name": "New"}
    for _ in range(2):
        response = api.post("/api/workspaces", body, content_type="application/json")
        assert response.status_code == 201
    assert Workspace.objects.filter(name="New").count() == 4


def test_another_users_same_key_is_independent(api, workspace, make_member):
    create(api, "k1")
    other = Client()
    other.force_login(make_member(workspace, "sdr"))
    response = create(other, "k1", name="Theirs")
    assert response.status_code == 201
    assert "Idempotent-Replayed" not in response


def test_what_was_refused_may_be_sent_again_put_right(api):
    assert create(api, "k1", name="").status_code == 400
    assert create(api, "k1", name="Right").status_code == 201


@pytest.mark.parametrize("key", ["x" * 256, "a\x01b"])
def test_a_bad_key_is_refused(key, api):
    assert code_of(create(api, key)) == (400, "invalid")


def claim(user, key="k1", fingerprint=b"f"):
    return IdempotencyKey.objects.claim(
        workspace=None, user=user, key=key, fingerprint=fingerprint
    )


@pytest.fixture
def user(workspace, make_member):
    return make_member(workspace)


def age(row, **ago):
    past = timezone.now() - timedelta(**ago)
    IdempotencyKey.objects.filter(pk=row.pk).update(claimed_at=past)


def test_while_the_first_runs_the_second_is_told_so(api, monkeypatch):
    create(api, "k1")
    IdempotencyKey.objects.update(status=None)
    assert code_of(create(api, "k1")) == (409, "still_running")


def test_what_a_dead_process_left_is_taken_over(user):
    first = claim(user)
    assert not claim(user).is_mine
    age(first, seconds=61)
    assert not claim(user, fingerprint=b"other").is_mine
    second = claim(user)
    assert second.is_mine
    assert not first.finish(201, "late")
    first.release()
    assert second.finish(201, "mine")
    assert not claim(user).is_mine


def test_an_effect_whose_claim_was_lost_is_rolled_back(api, monkeypatch):
    monkeypatch.setattr(IdempotencyKey, "finish", lambda *args: False)
    assert code_of(create(api, "k1")) == (409, "still_running")
    assert not Workspace.objects.filter(name="New").exists()


def test_keys_are_forgotten_after_two_days(user):
    row = claim(user)
    row.finish(201, "{}")
    housekeeping.housekeep()
    assert not claim(user).is_mine
    age(row, hours=49)
    assert claim(user, fingerprint=b"other").is_mine
    age(row, hours=49)
    housekeeping.housekeep()
    assert not IdempotencyKey.objects.exists()


class Door:
    """An action that answers at once, for requests that no route of ours takes yet."""

    workspace = None

    def __init__(self, **how):
        self.calls = 0
        self.act = idempotency.idempotent(**how)(Door._act)

    def _act(self, request):
        self.calls += 1
        return idempotency.Response({"call": self.calls}, status=request.wanted)

    def ask(self, user, key="k1", content=b"{}", wanted=201, **how):
        headers = {"Idempotency-Key": key} if key else {}
        made = APIRequestFactory().post(
            "/", content, headers=headers, **{"content_type": "text/plain", **how}
        )
        request = Request(made, parsers=[MultiPartParser()])
        request.user, request.wanted = user, wanted
        return self.act(self, request)


def test_an_action_may_insist_on_a_key(user):
    with pytest.raises(idempotency.exceptions.ValidationError, match="Send this"):
        Door().ask(user, key="")


def test_an_action_that_commits_by_itself_is_repeated_likewise(user):
    door = Door(atomic=False)
    assert door.ask(user).data == {"call": 1}
    assert json.loads(door.ask(user).content) == {"call": 1}


def test_an_answer_that_is_an_error_is_not_kept(user):
    door = Door()
    assert door.ask(user, wanted=409).data == {"call": 1}
    assert door.ask(user).data == {"call": 2}


def test_forms_with_files_are_compared_by_content(user):
    def send(content, text="hi"):
        body = {"text": text, "file": SimpleUploadedFile("a.txt", content)}
        form = {"content_type": None, "format": "multipart"}
        return door.ask(user, content=body, **form)

    door = Door()
    assert send(b"one").data == {"call": 1}
    assert json.loads(send(b"one").content) == {"call": 1}
    with pytest.raises(idempotency.KeyReused):
        send(b"two")
    with pytest.raises(idempotency.KeyReused):
        send(b"one", text="ho")


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_have_one_effect(user):
    answers = send_at_once(user)
    assert Workspace.objects.filter(name="New").count() == 1
    assert {response.status_code for response in answers} <= {201, 409}
    created = [response for response in answers if response.status_code == 201]
    assert len({response.content for response in created}) == 1


@pytest.mark.django_db(transaction=True)
def test_control_without_the_unique_key_effects_are_doubled(user, monkeypatch):
    """Looking first and inserting then is not enough."""
    all_have_looked = threading.Barrier(AT_ONCE)

    def naive(self, *, workspace, user, key, fingerprint):
        row = self.filter(user=user, key=key).first()
        all_have_looked.wait(10)
        if row is None:
            row = self.create(
                user=user,
                key=key,
                fingerprint=fingerprint,
                attempt="0" * 32,
                claimed_at=timezone.now(),
            )
            row.is_mine = True
        return row

    monkeypatch.setattr(IdempotencyKey.objects.__class__, "claim", naive, raising=False)
    with without("teams_idempotencykey_once"):
        send_at_once(user)
        doubled = Workspace.objects.filter(name="New").count()
        IdempotencyKey.objects.all().delete()
    assert doubled > 1


def send_at_once(user):
    answers = []

    def send(_):
        client = Client()
        client.force_login(user)
        answers.append(create(client, "k1"))

    assert not at_once(AT_ONCE, send)
    return answers


def test_limits_are_kept(workspace):
    workspace.check_limit("seats", 10**9)
    workspace.limits = {"seats": 3, "leads": None}
    workspace.check_limit("leads", 10**9)
    workspace.check_limit("seats", 2)
    with pytest.raises(Conflict, match="allows 3 seats and 2 are in use") as refused:
        workspace.check_limit("seats", 2, adding=2)
    assert refused.value.get_codes() == "limit_reached"
