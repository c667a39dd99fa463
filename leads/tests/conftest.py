"""What tests of leads start from."""

import uuid
from typing import Any

import pytest
from django.test import Client

from teams.models import User, Workspace


class Api:
    """A browser in which a user is signed in, at a workspace."""

    def __init__(self, workspace: Workspace, user: User) -> None:
        self.root = f"/api/workspaces/{workspace.slug}"
        self.user = user
        self.client = Client()
        self.client.force_login(user)

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(f"{self.root}/{path}", headers=headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.client.delete(f"{self.root}/{path}", headers=headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self.send("patch", path, body, headers)

    def post(self, path: str, body: Any = None, key: str = "") -> Any:
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        return self.send("post", path, body, headers)

    def send(self, method: str, path: str, body: Any, headers: dict) -> Any:
        return getattr(self.client, method)(
            f"{self.root}/{path}",
            body if body is not None else {},
            content_type="application/json",
            headers=headers,
        )

    def results(self, path: str) -> list[dict]:
        answer = self.get(path)
        assert answer.status_code == 200, answer.content
        return answer.json()["results"]


@pytest.fixture
def as_role(workspace, make_member):
    """as_role("sdr") -> the API as a member with that role."""
    return lambda role, **fields: Api(workspace, make_member(workspace, role, **fields))


@pytest.fixture
def api(as_role):
    """The API as the owner."""
    return as_role("owner")


def problems(answer: Any) -> list[tuple[str, str | None]]:
    """(code, attr) of each error."""
    return [(error["code"], error["attr"]) for error in answer.json()["errors"]]
