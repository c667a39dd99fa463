"""What the sandbox of Meta posts back is taken by the real door."""

import pytest
import requests

from inbox.models import Message, StatusEvent

pytestmark = pytest.mark.django_db


def test_the_sandboxs_echo_and_delivery_become_rows(
    make_account, graph_api, deliver_callbacks
):
    page = make_account("facebook")
    answer = requests.post(
        f"{graph_api.url}/v26.0/{page.external_id}/messages",
        json={"recipient": {"id": "71"}, "message": {"text": "Hello"}},
        headers={"Authorization": f"Bearer {page.token}"},
        timeout=5,
    )
    assert deliver_callbacks() == 2
    message = Message.objects.get(external_id=answer.json()["message_id"])
    assert (message.text, message.direction) == ("Hello", "out")
    assert message.status == "delivered"
    assert StatusEvent.objects.count() == 1
