"""Two days in the inbox of Saffron & Slate, a shop for the home in Pune, and how they
go on: what the demo posts. People, texts and ids are invented."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import NamedTuple

from flexoraa.sandbox import events
from flexoraa.sandbox.events import Account, Person

NUMBER = Account("whatsapp", "106540352240001", "102290129340001", "Saffron & Slate")
GALLERY = Account("instagram", "17841400000000001", name="@saffronandslate")
PAGE = Account("facebook", "61550000000001", name="Saffron & Slate")
ACCOUNTS = (NUMBER, GALLERY, PAGE)
STRANGER = Account("whatsapp", "106540352249999", "102290129349999")

ASHA = Person("919000010001", "Asha Kulkarni")
RAHUL = Person("919000010002", "राहुल देशपांडे")
MEENA = Person("919000010003", "மீனா சுந்தரம்")
IMRAN = Person("919000010004", "Imran Shaikh")
GRACE = Person("15550100042", "Grace O'Neill")
KABIR = Person("8800000000000101", "kabir.makes")
ZOE = Person("8800000000000102", "zoë.interiors")
TARA = Person("8800000000000103", "tara_at_home")
NIKHIL = Person("7700000000000201", "Nikhil Rao")
FATIMA = Person("7700000000000202", "Fatima Ansari")
LEELA = Person("7700000000000203", "Leela Menon")


PEOPLE = (KABIR, ZOE, TARA, NIKHIL, FATIMA, LEELA)  # whom no webhook names
WRITERS = (
    *((NUMBER, person) for person in (ASHA, RAHUL, MEENA, IMRAN, GRACE)),
    *((GALLERY, person) for person in (KABIR, ZOE, TARA)),
    *((PAGE, person) for person in (NIKHIL, FATIMA, LEELA)),
)


class Post(NamedTuple):
    """One POST: the route it goes to and its bytes."""

    channel: str
    body: bytes


class Expected(NamedTuple):
    """What the inbox holds when the story was told once."""

    dead: int = 2
    unroutable: int = 1
    channels: tuple[str, ...] = ("facebook", "instagram", "whatsapp")


def story(now: datetime) -> list[Post]:
    """Everything that happened in the two days before `now`, in the order it came."""
    posts = [*_whatsapp(now), *_instagram(now), *_messenger(now), *_trouble(now)]
    return [Post(channel, body) for channel, body in posts]


def _whatsapp(now: datetime) -> Iterator[tuple[str, bytes]]:
    def on(hours: float) -> datetime:
        return now - timedelta(hours=hours)

    def wrote(person: Person, mid: str, hours: float, **content: object) -> bytes:
        return events.message(NUMBER, person, f"wamid.{mid}", on(hours), **content)

    def text(person: Person, mid: str, hours: float, words: str) -> bytes:
        return events.text(NUMBER, person, f"wamid.{mid}", on(hours), words)

    def answer(person: Person, mid: str, hours: float, words: str) -> bytes:
        return events.answer(NUMBER, person, f"wamid.{mid}", on(hours), words)

    def status(person: Person, mid: str, hours: float, *words: str) -> list[bytes]:
        return [
            events.status(NUMBER, person, f"wamid.{mid}", on(hours), word)
            for word in words
        ]

    ad = {
        "source_type": "ad",
        "source_id": "120210000000000001",
        "source_url": "https://fb.me/3saffron",
        "headline": "Diwali lamps, made by hand",
        "body": "Free delivery in Pune until Sunday",
        "ctwa_clid": "ARAkLkA8rmlFeiCktEJQ",
    }
    lamp = {"id": "900100200300", "mime_type": "image/jpeg", "sha256": "bGFtcA=="}
    voice = {"id": "900100200301", "mime_type": "audio/ogg; codecs=opus", "voice": True}
    plan = {
        "id": "900100200302",
        "mime_type": "application/pdf",
        "filename": "plan.pdf",
    }
    choice = {"type": "list_reply", "list_reply": {"id": "s2", "title": "Brass, 40 cm"}}
    basket = {
        "catalog_id": "194836987003835",
        "text": "Please gift-wrap the second one",
        "product_items": [
            {
                "product_retailer_id": "LAMP-40",
                "quantity": 2,
                "item_price": 1499,
                "currency": "INR",
            }
        ],
    }
    bodies = [
        wrote(
            ASHA,
            "A1",
            47,
            type="text",
            text={"body": "Hi! Is the brass lamp from the ad still there?"},
            referral=ad,
        ),
        answer(ASHA, "A2", 46.9, "Hello Asha, yes it is 🙂 Which size do you need?"),
        *status(ASHA, "A2", 46.89, "sent", "delivered", "read"),
        wrote(ASHA, "A3", 46.5, type="interactive", interactive=choice),
        wrote(ASHA, "A4", 46.4, type="image", image={**lamp, "caption": "This corner"}),
        wrote(
            ASHA,
            "A5",
            46.3,
            type="reaction",
            reaction={"message_id": "wamid.A2", "emoji": "❤️"},
        ),
        answer(ASHA, "A6", 46, "It will look lovely there. ₹1,499, ready on Thursday."),
        *status(ASHA, "A6", 45.9, "sent", "delivered", "read"),
        wrote(ASHA, "A7", 3, type="order", order=basket),
        text(RAHUL, "R1", 30, "नमस्ते, डिलीवरी कब तक मिलेगी?"),
        *status(RAHUL, "R2", 29.4, "delivered"),  # comes before its message
        answer(RAHUL, "R2", 29.5, "नमस्ते राहुल जी, कल शाम तक मिल जाएगी।"),
        wrote(RAHUL, "R3", 28, type="audio", audio=voice),
        text(MEENA, "M1", 20, "வணக்கம்! இந்த விளக்கின் விலை என்ன?"),
        answer(MEENA, "M2", 19.8, "வணக்கம் மீனா, ₹1,499 மட்டும்."),
        *status(MEENA, "M2", 19.7, "sent", "delivered"),
        wrote(
            MEENA,
            "M3",
            19.5,
            type="location",
            location={
                "latitude": 13.0418,
                "longitude": 80.2341,
                "name": "Home",
                "address": "T. Nagar, Chennai",
            },
        ),
        wrote(IMRAN, "I1", 9, type="document", document=plan),
        text(IMRAN, "I2", 8.9, "Floor plan attached. Need lights for four rooms."),
        answer(IMRAN, "I3", 8.5, "Thank you Imran, an offer comes today."),
        events.status(
            NUMBER,
            IMRAN,
            "wamid.I3",
            on(8.4),
            "failed",
            errors=[{"code": 131026, "title": "Message undeliverable"}],
        ),
        wrote(
            IMRAN,
            "I4",
            8,
            type="text",
            text={"body": "Did you get it?"},
            context={"from": "15550100000", "id": "wamid.I2"},
        ),
        wrote(GRACE, "G1", 2, type="sticker", sticker={**lamp, "animated": False}),
        wrote(
            GRACE,
            "G2",
            1.9,
            type="unsupported",
            errors=[{"code": 131051, "title": "Message type is not supported"}],
        ),
        text(GRACE, "G3", 1.8, "Sorry, that was a poll. Do you ship to Ireland? 🇮🇪"),
    ]
    yield from (("whatsapp", body) for body in bodies)
    yield "whatsapp", bodies[0]  # Meta sends it again


def _instagram(now: datetime) -> Iterator[tuple[str, bytes]]:
    def said(person: Person, hours: float, **event: object) -> bytes:
        at = now - timedelta(hours=hours)
        return events.messaging(GALLERY, events.said(GALLERY, person, at, **event))

    picture = {"type": "image", "payload": {"url": "https://cdn.example/kabir.jpg"}}
    reel = {
        "type": "ig_reel",
        "payload": {"url": "https://cdn.example/reel", "title": "Ten shelves"},
    }
    mention = {"type": "story_mention", "payload": {"url": "https://cdn.example/story"}}
    story = {"story": {"id": "1801", "url": "https://cdn.example/story/1801"}}
    echo = {"is_echo": True, "app_id": 26390203743090}
    bodies = [
        said(KABIR, 26, message={"mid": "igK1", "text": "Love the slate shelf 😍"}),
        said(KABIR, 25.9, message={"mid": "igK2", "attachments": [picture]}),
        said(KABIR, 25, message={"mid": "igK3", "text": "Thank you! In teak?", **echo}),
        said(KABIR, 24.9, read={"mid": "igK3"}),
        said(KABIR, 24.8, message={"mid": "igK4", "text": "Teak, 120 cm wide."}),
        said(
            KABIR,
            24.7,
            message_edit={"mid": "igK4", "text": "Teak, 140 cm wide.", "num_edit": 1},
        ),
        said(ZOE, 12, message={"mid": "igZ1", "text": "Price?", "reply_to": story}),
        said(ZOE, 11.8, message={"mid": "igZ2", "text": "₹3,200 🌿", **echo}),
        said(ZOE, 11.7, reaction={"mid": "igZ2", "action": "react", "emoji": "🔥"}),
        said(ZOE, 11, message={"mid": "igZ3", "attachments": [reel]}),
        said(TARA, 5, message={"mid": "igT1", "attachments": [mention]}),
        said(TARA, 4.9, message={"mid": "igT2", "text": "oops wrong chat"}),
        said(TARA, 4.8, message={"mid": "igT2", "is_deleted": True}),
    ]
    yield from (("instagram", body) for body in bodies)


def _messenger(now: datetime) -> Iterator[tuple[str, bytes]]:
    def said(person: Person, hours: float, **event: object) -> bytes:
        at = now - timedelta(hours=hours)
        return events.messaging(PAGE, events.said(PAGE, person, at, **event))

    def until(hours: float) -> int:
        return events.milliseconds(now - timedelta(hours=hours))

    thumb = {
        "type": "image",
        "payload": {"url": "https://x", "sticker_id": 369239263222822},
    }
    started = {"mid": "mN0", "title": "Get started", "payload": "START"}
    echo = {"is_echo": True, "app_id": 26390203743090}
    bodies = [
        said(NIKHIL, 15, postback=started),
        said(
            NIKHIL, 14.9, message={"mid": "mN1", "text": "Do you take old lamps back?"}
        ),
        said(
            NIKHIL,
            14.5,
            message={"mid": "mN2", "text": "Yes, 10 % off a new one.", **echo},
        ),
        said(NIKHIL, 14.4, delivery={"mids": ["mN2"], "watermark": until(14.4)}),
        said(NIKHIL, 14.3, read={"watermark": until(14.3)}),
        said(NIKHIL, 14.2, message={"mid": "mN3", "attachments": [thumb]}),
        said(
            FATIMA,
            6,
            message={
                "mid": "mF1",
                "text": "Office lights",
                "quick_reply": {"payload": "B2B"},
            },
        ),
        said(FATIMA, 5.9, message={"mid": "mF2", "text": "How many desks?", **echo}),
        said(FATIMA, 1, message={"mid": "mF3", "text": "شکریہ، بیس میزیں"}),
        said(
            LEELA,
            0.6,
            message={"mid": "mL1", "text": "Saw you on Facebook"},
            referral={"ref": "autumn", "source": "ADS", "ad_id": "1202100009"},
        ),
    ]
    yield from (("facebook", body) for body in bodies)
    yield "whatsapp", bodies[1]  # one app may use one URL for all: the object decides


def _trouble(now: datetime) -> Iterator[tuple[str, bytes]]:
    """What an inbox has to stand: garbage, a broken item among good ones, somebody
    else's number."""
    yield "whatsapp", b"this is not JSON, but the signature is right"
    value = events.written(
        GRACE, "wamid.G4", now - timedelta(hours=1.5), type="text", text={"body": "Hm?"}
    )
    value["messages"].insert(0, None)
    yield "whatsapp", events.whatsapp(NUMBER, value)
    yield "whatsapp", events.text(STRANGER, GRACE, "wamid.S1", now, "Anybody there?")


WORDS = (
    "Is it still available?",
    "Can you send a picture, please?",
    "क्या आज डिलीवरी हो सकती है?",
    "What about 60 cm?",
    "Great, I will take two.",
    "Thank you 🙏",
    "My parcel has not arrived yet.",
    "Do you have it in black?",
    "எப்போது கிடைக்கும்?",
)
ANSWERS = ("Let me check that for you.", "Yes, of course!", "It ships tomorrow.", "🙂")


def live(started: datetime) -> Iterator[Post]:
    """What happens from now on, a POST at a time: people write, somebody answers, the
    answer is read. The caller waits as it likes; events happen when they are taken."""
    chance = random.Random(started.timestamp())  # noqa: S311 (no secret)
    prefix = f"live{int(started.timestamp())}."
    for number in count(1):
        account, person = chance.choice(WRITERS)
        now = datetime.now(started.tzinfo)
        mid, words = f"{prefix}{number}", chance.choice(WORDS)
        yield Post(account.channel, events.text(account, person, mid, now, words))
        if chance.random() < 0.5:
            reply, words = f"{prefix}{number}r", chance.choice(ANSWERS)
            now = datetime.now(started.tzinfo)
            yield Post(
                account.channel, events.answer(account, person, reply, now, words)
            )
            now = datetime.now(started.tzinfo)
            yield Post(account.channel, events.seen(account, person, reply, now))
