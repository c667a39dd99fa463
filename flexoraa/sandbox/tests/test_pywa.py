"""A WhatsApp client that others wrote finds nothing strange about the sandbox."""

from collections.abc import Iterator

import httpx
import pytest
from pywa import WhatsApp, types
from pywa.errors import ReEngagementMessage, WhatsAppError
from pywa.types.templates import BodyText, TemplateLanguage, URLButton

from flexoraa.sandbox import graph, nodes, story
from flexoraa.sandbox.customers import Phone
from flexoraa.sandbox.events import sign

NUMBER, ASHA = story.NUMBER.external_id, story.ASHA.id
SEEN_KINDS = ("message", "message_status", "callback_button")


@pytest.fixture
def client(meta) -> Iterator[WhatsApp]:
    """pywa as it is, but that its Graph API is ours."""
    with httpx.Client(timeout=5) as session:
        client = WhatsApp(
            phone_id=NUMBER,
            token=graph.token_of(story.NUMBER),
            session=session,
            waba_id=story.NUMBER.parent,
            app_secret=graph.SECRET,
            filter_updates=False,
        )
        session.base_url = f"{meta.url}/v26.0"
        yield client


@pytest.fixture
def read(meta, client):
    """read() -> what pywa's webhook makes of everything that the sandbox posts."""
    seen: list = []
    for kind in SEEN_KINDS:
        getattr(client, f"on_{kind}")()(lambda _, update: seen.append(update))

    def read() -> list:
        seen.clear()
        for post in meta.callbacks.take():
            signature = sign(post.body, graph.SECRET)
            assert client.webhook_update_validator(post.body, signature) is None
            assert client.webhook_update_handler(post.body) == ("ok", 200)
        return list(seen)

    return read


def test_it_sends_a_text_and_learns_that_it_was_read(meta, client, read):
    meta.manners.delays["read"] = 1
    sent = client.send_message(to=f"+{ASHA}", text="Hello", tracker="ref-1")
    assert sent.id.startswith("wamid.")
    assert meta.ledger.sends()[0].ref == "ref-1"
    statuses = read()
    assert [update.status.value for update in statuses] == ["sent", "delivered", "read"]
    assert {update.id for update in statuses} == {sent.id}
    assert {update.tracker for update in statuses} == {"ref-1"}
    assert statuses[0].pricing.model.value == "PMP"


def test_it_sends_a_template(meta, client):
    client.send_template(
        to=ASHA,
        name="order_shipped",
        language=TemplateLanguage.ENGLISH,
        params=[
            BodyText.params("Asha", "17", "Friday"),
            URLButton.params(url_variable="17", index=0),
        ],
    )
    (bubble,) = meta.people.thread(NUMBER, ASHA)
    assert "order 17 is on its way" in bubble["text"]
    names = {template.name for template in client.get_templates()}
    assert {"order_shipped", "diwali_offer"} <= names


def test_it_sends_a_picture_and_fetches_one(meta, client, read):
    picture = nodes.face("lamp")
    client.send_image(to=ASHA, image=picture, caption="Look", mime_type="image/png")
    (bubble,) = meta.people.thread(NUMBER, ASHA)
    assert (bubble["kind"], bubble["text"]) == ("image", "Look")
    read()
    Phone(meta, NUMBER, ASHA).send_file(picture, "image/png", "lamp.png", "Mine")
    (message,) = read()
    assert (message.type.value, message.caption) == ("image", "Mine")
    assert client.get_media_bytes(url=client.get_media_url(message.image.id).url) == (
        picture
    )


def test_it_reads_what_people_do(meta, client, read):
    yes = types.Button(title="Yes", callback_data="yes")
    sent = client.send_message(to=ASHA, text="Reserve it?", buttons=[yes])
    read()
    phone = Phone(meta, NUMBER, ASHA)
    phone.write("Hello")
    phone.tap(sent.id, 0)
    phone.react(sent.id, "👍")
    written, tapped, reaction = read()
    assert written.text == "Hello"
    assert (tapped.data, tapped.reply_to_message.id) == ("yes", sent.id)
    assert reaction.reaction.emoji == "👍"
    assert client.indicate_typing(written.id).success
    assert meta.people.thread(NUMBER, ASHA)[1]["status"] == "read"


def test_it_knows_our_refusals(meta, client):
    meta.people.fell_silent(NUMBER, ASHA, hours=25)
    with pytest.raises(ReEngagementMessage) as refusal:
        client.send_message(to=ASHA, text="Hello")
    assert refusal.value.code == 131047
    meta.expire(graph.token_of(story.NUMBER))
    with pytest.raises(WhatsAppError, match="Session has expired"):
        client.send_message(to=ASHA, text="Hello")
