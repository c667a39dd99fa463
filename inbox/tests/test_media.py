"""Files that come in: fetched from the sandbox of Meta over real HTTP, and kept."""

import io

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone
from PIL import Image

from flexoraa.lib import files
from flexoraa.models import StreamEvent
from flexoraa.sandbox.events import Account
from inbox import media
from inbox.models import Attachment, Message
from inbox.tests import bodies

pytestmark = pytest.mark.django_db
NUMBER = bodies.WHATSAPP["account"]


def png(width: int = 40, height: int = 20) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "PNG")
    return out.getvalue()


def linked(kind: str, url: str) -> dict:
    """A Messenger or Instagram message with one attachment."""
    attachment = {"type": kind, "payload": {"url": url}}
    return {"mid": "m_1", "attachments": [attachment]}


@pytest.fixture(autouse=True)
def _meta(graph_api, settings):
    settings.GRAPH_URL = graph_api.url
    settings.INSTAGRAM_GRAPH_URL = f"{graph_api.url}/instagram"


@pytest.fixture
def picture(graph_api, account, receive):
    """picture(bytes) -> the attachment of a message with a WhatsApp picture."""

    def make(body: bytes, kind: str = "image", **fields) -> Attachment:
        file = graph_api.library.store(NUMBER, body, fields.pop("mime", "image/png"))
        told = {"id": file.id, "mime_type": file.mime_type, **fields}
        message = bodies.text(1, type=kind, **{kind: told})
        message["messages"][0].pop("text")
        receive("whatsapp", bodies.whatsapp(message))
        return Attachment.objects.get()

    return make


def test_a_picture_is_kept_with_a_small_one(picture, graph_api):
    attachment = picture(png(1000, 500), caption="Look")
    assert attachment.state == "pending"
    StreamEvent.objects.all().delete()
    assert media.drain() == 1
    attachment.refresh_from_db()
    assert (attachment.state, attachment.mime_type) == ("stored", "image/png")
    assert (attachment.width, attachment.height) == (1000, 500)
    assert attachment.size == len(png(1000, 500))
    assert attachment.stored.path.read_bytes() == png(1000, 500)
    small = files.path_of(attachment.folder, attachment.content, "thumbnail")
    with Image.open(small) as image:
        assert (image.format, image.size) == ("WEBP", (480, 240))
    told = StreamEvent.objects.get()
    message = Message.objects.get()
    assert (told.kind, told.ids) == ("message.updated", [str(message.public_id)])
    assert media.drain() == 0


def test_the_link_is_asked_for_anew_each_time(picture, graph_api):
    """WhatsApp's links live for five minutes, its ids for seven days."""
    attachment = picture(png())
    graph_api.library.link_seconds = -1
    media.drain()
    attachment.refresh_from_db()
    assert (attachment.state, attachment.attempts) == ("pending", 1)
    assert "404" in attachment.error
    assert attachment.due_at > timezone.now()
    assert media.drain() == 0
    graph_api.library.link_seconds = 300
    Attachment.objects.update(due_at=timezone.now())
    media.drain()
    attachment.refresh_from_db()
    assert (attachment.state, attachment.error) == ("stored", "")


def test_what_whatsapp_no_longer_has_is_lost_and_can_be_had_again(
    picture, graph_api, account
):
    account.token = "of-the-number"  # or the id might be a person of a Page
    account.save()
    graph_api.connect(Account("whatsapp", NUMBER, "300000000000001"), account.token)
    attachment = picture(png())
    file = graph_api.library.get(attachment.external_id)
    graph_api.library.remove(file.id)
    media.drain()
    attachment.refresh_from_db()
    assert attachment.state == "lost"
    assert "no longer has the file" in attachment.error
    graph_api.library._files[file.id] = file
    assert Attachment.objects.filter(pk=attachment.pk).fetch_again() == 1
    media.drain()
    attachment.refresh_from_db()
    assert attachment.state == "stored"


def test_a_dead_token_is_waited_for(picture, account):
    attachment = picture(png())
    account.token = "expired"
    account.save()
    media.drain()
    attachment.refresh_from_db()
    assert attachment.state == "pending"
    account.token = "EAAG-secret-token"
    account.save()
    Attachment.objects.update(due_at=timezone.now())
    media.drain()
    attachment.refresh_from_db()
    assert attachment.state == "stored"


def test_after_ten_attempts_it_is_lost(picture, settings):
    attachment = picture(png())
    settings.GRAPH_URL = "http://127.0.0.1:9"  # nobody listens
    for attempt in range(1, 11):
        assert media.drain() == 1, attempt
        Attachment.objects.update(due_at=timezone.now())
    attachment.refresh_from_db()
    assert (attachment.state, attachment.attempts) == ("lost", 10)


def test_pauses_grow(picture, settings):
    attachment = picture(png())
    settings.GRAPH_URL = "http://127.0.0.1:9"
    pauses = []
    for _ in range(4):
        media.drain()
        attachment.refresh_from_db()
        pauses.append((attachment.due_at - timezone.now()).total_seconds())
        Attachment.objects.update(due_at=timezone.now())
    assert pauses == sorted(pauses)
    assert 3 < pauses[0] < 7
    assert 200 < pauses[3] < 420


def test_a_link_of_messenger_needs_no_token(graph_api, make_account, receive):
    account = make_account("facebook")
    file = graph_api.library.store(account.external_id, b"%PDF-1.7 hello", "x/y")
    url = graph_api.url + graph_api.library.link(file, is_private=False)
    receive("facebook", bodies.messaging(bodies.item(message=linked("file", url))))
    media.drain()
    kept = Attachment.objects.get()
    assert (kept.state, kept.mime_type) == ("stored", "application/pdf")
    assert not kept.has_thumbnail


def test_an_expired_link_is_lost(graph_api, make_account, receive):
    account = make_account("instagram")
    file = graph_api.library.store(account.external_id, png(), "image/png")
    url = graph_api.url + graph_api.library.link(file, is_private=False)
    graph_api.library.expire_links()
    content = {
        "mid": "m_1",
        "attachments": [{"type": "image", "payload": {"url": url}}],
    }
    receive(
        "instagram",
        bodies.instagram(bodies.item(page=bodies.INSTAGRAM, message=content)),
    )
    media.drain()
    kept = Attachment.objects.get()
    assert (kept.state, kept.error) == (
        "lost",
        "The provider's link has expired (HTTP 404).",
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://127.0.0.1/",
        "https://evil.example/a.png",
        "file:///etc/passwd",
    ],
)
def test_a_link_to_elsewhere_is_refused(make_account, receive, url):
    make_account("facebook")
    content = {
        "mid": "m_1",
        "attachments": [{"type": "image", "payload": {"url": url}}],
    }
    receive("facebook", bodies.messaging(bodies.item(message=content)))
    media.drain()
    assert Attachment.objects.get().state == "failed"


def test_what_is_too_large_is_refused(picture, settings):
    settings.MEDIA_MAX_MB = 0
    attachment = picture(png())
    media.drain()
    attachment.refresh_from_db()
    assert attachment.state == "failed"
    assert attachment.error == "The file is larger than 0 MB."


def test_pages_are_not_fetched(make_account, receive):
    make_account("facebook")
    message = linked("post", "https://www.facebook.com/1")
    receive("facebook", bodies.messaging(bodies.item(message=message)))
    assert Attachment.objects.get().state == "link"
    assert media.drain() == 0


def test_bytes_decide_what_a_file_is(picture):
    attachment = picture(b"<svg onload=alert(1)>", mime="image/png")
    media.drain()
    attachment.refresh_from_db()
    assert (attachment.state, attachment.mime_type) == ("stored", "image/svg+xml")
    assert not attachment.has_thumbnail
    assert not attachment.is_shown


def test_a_decompression_bomb_is_kept_and_not_opened(picture):
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    attachment = picture(bomb.getvalue())
    media.drain()
    attachment.refresh_from_db()
    assert (attachment.state, attachment.has_thumbnail) == ("stored", False)


def test_the_same_bytes_are_kept_once(picture, receive, graph_api):
    first = picture(png())
    second = bodies.text(2, type="image", image={"id": first.external_id})
    second["messages"][0].pop("text")
    receive("whatsapp", bodies.whatsapp(second))
    assert media.drain() + media.drain() == 2
    contents = set(Attachment.objects.values_list("content", flat=True))
    assert len(contents) == 1
    folder = settings.MEDIA_ROOT / first.folder
    assert len([p for p in folder.glob("*/*") if p.suffix == ""]) == 1


def test_a_worker_that_died_holds_up_nobody(picture):
    attachment = picture(png())
    assert Attachment.objects.claim(1) == [attachment.pk]  # and died
    assert media.drain() == 0
    with connection.cursor() as cursor:
        cursor.execute("UPDATE inbox_attachment SET due_at = now()")
    assert media.drain() == 1
    attachment.refresh_from_db()
    assert (attachment.state, attachment.attempts) == ("stored", 2)


def test_one_lost_key_stops_nobody(picture, settings, account):
    attachment = picture(png())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE inbox_channelaccount SET token = 'gAAAA-not-ours'")
    assert media.drain() == 1
    attachment.refresh_from_db()
    assert attachment.state == "pending"
    assert "FIELD_KEYS" in attachment.error


def test_a_message_that_is_taken_back_meanwhile(picture):
    attachment = picture(png())
    media.fetch(attachment)
    attachment.delete()
    assert media.settle(attachment, state="lost") is False


def test_uploads_go_by_the_providers_id(graph_api, make_account, workspace):
    account = make_account()
    kept = media.store_upload(workspace, ContentFile(png(), "a.png"), by=None)
    first = media.provider_id(kept, account)
    assert graph_api.library.get(first).body == png()
    assert media.provider_id(kept, account) == first  # remembered
    media.forget([kept], account)
    assert media.provider_id(kept, account) != first
    page = make_account("facebook")
    assert graph_api.library.get(media.provider_id(kept, page)).account == (
        page.external_id
    )
    insta = make_account("instagram", token="of-the-page")  # which "me" stands for
    graph_api.connect(Account("instagram", insta.external_id), insta.token)
    assert graph_api.library.get(media.provider_id(kept, insta)).mime_type == (
        "image/png"
    )


def test_a_refused_upload_says_why(graph_api, make_account, workspace):
    account = make_account(token="wrong")
    kept = media.store_upload(workspace, ContentFile(png(), "a.png"), by=None)
    with pytest.raises(media.UploadRefused) as refused:
        media.provider_id(kept, account)
    assert refused.value.refusal.why == "broken"
    kept.stored.path.unlink()
    account.token = "EAAG-secret-token"
    with pytest.raises(media.UploadRefused, match="no longer stored"):
        media.provider_id(kept, account)


def test_uploads_that_nobody_sent_are_forgotten(workspace, account):
    kept = media.store_upload(workspace, ContentFile(b"x", "a.txt"), by=None)
    media.sweep()
    assert Attachment.objects.filter(pk=kept.pk).exists()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inbox_attachment SET created_at = now() - interval '25 hours'"
        )
    media.sweep()
    assert not Attachment.objects.filter(pk=kept.pk).exists()
