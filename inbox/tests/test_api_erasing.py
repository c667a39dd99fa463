"""One person over the API: who may erase and hand out, and what is found afterwards."""

from uuid import uuid4

import pytest

from inbox import erasing
from inbox.models import Erasure
from inbox.tests.canary import (
    BYSTANDER,
    CANARIES,
    PHONE,
    _files_of_its_own,
    api,
    erase,
    person,
)
from leads.models import ImportJob
from leads.tests.conftest import Api
from leads.tests.world import make_lead
from teams.models import AuditEvent

__all__ = ["_files_of_its_own", "api", "person"]
pytestmark = pytest.mark.django_db


def test_nothing_of_them_is_found_or_exported_any_more(person, api):
    erase(person.lead)
    job = ImportJob.objects.get(filename="done.csv")
    for path in (
        "leads?search=zubeida",
        "leads?archived=true",
        f"leads?search={PHONE}",
        "conversations?search=zubeida",
        "messages?search=quetzal",
        f"contacts?search={PHONE}",
        "leads/export.csv",
        "leads/duplicates",
        "leads/merges",
        "tasks",
        "opt-outs",
        "broadcasts",
        "admin/audit",
        f"leads/{person.lead.public_id}",
        f"leads/{person.lead.public_id}/timeline",
        f"leads/{person.lead.public_id}/notes",
        f"leads/{person.lead.public_id}/export",
        f"leads/import/{job.public_id}",
        f"leads/import/{job.public_id}/errors.csv",
    ):
        answer = api.get(path)
        body = getattr(answer, "streaming_content", None)
        told = b"".join(body) if body else answer.content
        assert answer.status_code == 200, (path, told)
        asked = told.decode().replace(path, "")
        assert not [word for word in CANARIES if word in asked], path
    assert ImportJob.objects.get(filename="waiting.csv").state == "cancelled"


@pytest.mark.parametrize("role", ["owner", "admin", "sdr", "member"])
def test_the_table_of_roles_decides(role, workspace, make_member):
    lead = make_lead(workspace)
    asker = Api(workspace, make_member(workspace, role))
    may = role in ("owner", "admin")
    path = f"leads/{lead.public_id}"
    assert asker.post(f"{path}/erase").status_code == (202 if may else 403)
    assert asker.get(f"{path}/export").status_code == (200 if may else 403)
    assert Erasure.objects.count() == may


def test_another_workspaces_lead_is_absent(api, make_workspace):
    lead = make_lead(make_workspace("globex"))
    for answer in (
        api.post(f"leads/{lead.public_id}/erase"),
        api.get(f"leads/{lead.public_id}/erase"),
        api.get(f"leads/{lead.public_id}/export"),
        api.post(f"leads/{uuid4()}/erase"),
    ):
        assert answer.status_code == 404
    assert not Erasure.objects.exists()


def test_a_key_makes_one_erasure(api, workspace):
    lead = make_lead(workspace)
    key = uuid4().hex
    first = api.post(f"leads/{lead.public_id}/erase", key=key)
    again = api.post(f"leads/{lead.public_id}/erase", key=key)
    other = api.post(f"leads/{lead.public_id}/erase")
    assert first.json()["id"] == again.json()["id"] == other.json()["id"]
    assert again.headers["Idempotent-Replayed"] == "true"


def test_the_trail_says_who_erased_whom_by_id_and_no_value(person, api):
    api.post(f"leads/{person.lead.public_id}/erase")
    while erasing.drain():
        pass
    asked, done = AuditEvent.objects.filter(subject="erasure").order_by("id")
    assert asked.actor_id == api.user.pk
    assert asked.changes["lead"] == [None, str(person.lead.public_id)]
    assert done.changes == {"state": ["running", "done"]}
    assert asked.label == done.label == ""


def test_all_that_is_held_is_handed_out(person, api):
    answer = api.get(f"leads/{person.lead.public_id}/export")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    told = answer.json()
    empty = [name for name, rows in told.items() if not rows]
    assert empty == []
    text = answer.content.decode()
    missing = [
        word
        for word in CANARIES
        if word not in text and word not in (CANARIES[2], "canary-crm-77")
    ]
    assert missing == []
    assert "canary-crm-77" in text
    assert BYSTANDER not in text
    assert "somebody else" not in text
