"""Who a WhatsApp change speaks of: phone numbers, BSUIDs and the `contacts` beside.

Source: developers.facebook.com, documentation/business-messaging/whatsapp,
"business-scoped user ids": every phone number may be left out.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from inbox.adapters.base import Identity, IdKind, Person
from inbox.adapters.meta import listed, mapping, string
from inbox.adapters.phones import normal_form

PUNCTUATION = str.maketrans("", "", "+-() ")
RENAMED = ("user_changed_number", "customer_changed_number", "user_changed_user_id")
ITEMS = ("messages", "statuses", "message_echoes", "calls", "user_preferences")

Card = Mapping[str, Any]  # {profile: {name, username}, wa_id, user_id}


def names(user_id: Any, phone: Any) -> tuple[str, str]:
    """The BSUID and the digits of the phone number, "" for what is missing.

    BSUIDs were seen where numbers belong; what is no number is taken for one.
    """
    bsuid, number = string(user_id), string(phone)
    digits = number if number.isdigit() else number.translate(PUNCTUATION)
    if digits.isdigit() and digits.isascii():
        return bsuid, digits
    return bsuid or number, ""


def identities(bsuid: str, digits: str) -> tuple[Identity, ...]:
    """These names as others know them, the surest first."""
    found = []
    if bsuid:
        found.append(Identity(IdKind.BSUID, bsuid, bsuid))
    if digits:
        found.append(Identity(IdKind.PHONE, digits, normal_form(digits)))
    return tuple(found)


class People:
    """The people of one change, found by any of their names."""

    def __init__(self, value: Mapping[str, Any]) -> None:
        self.value = value
        self.cards: dict[str, Card] | None = None  # by BSUID and by normal number

    def card(self, bsuid: str, digits: str) -> Card | None:
        """The one of `contacts` that bears either of these names."""
        if self.cards is None:
            self.cards = {}
            for contact in listed(self.value.get("contacts")):
                card = mapping(contact)
                user_id, number = names(card.get("user_id"), card.get("wa_id"))
                for key in filter(None, (user_id, normal_form(number))):
                    self.cards[key] = card
        return self.cards.get(bsuid) or self.cards.get(normal_form(digits))

    @cached_property
    def lone_card(self) -> Card:
        """The only contact where there is only one item that it can belong to."""
        contacts = listed(self.value.get("contacts"))
        items = sum(len(listed(self.value.get(key))) for key in ITEMS)
        return mapping(contacts[0]) if len(contacts) == 1 and items == 1 else {}

    @cached_property
    def own_number(self) -> str:
        """The business's own number in its normal form."""
        shown = mapping(self.value.get("metadata")).get("display_phone_number")
        return normal_form(names(None, shown)[1])

    def person(
        self, user_id: Any, phone: Any, card: Card | None = None
    ) -> Person | None:
        """Whoever these names are of, with all that their card adds.

        A lone card that fits no name lends its own, and its ids to who has none.
        """
        bsuid, digits = names(user_id, phone)
        if card is None:
            card = self.card(bsuid, digits)
        if card is None and not (bsuid or digits):
            card = self.lone_card
        if card:
            other, number = names(card.get("user_id"), card.get("wa_id"))
            bsuid, digits = bsuid or other, digits or number
        if not (bsuid or digits):
            return None
        profile = mapping((card or self.lone_card).get("profile"))
        return Person(
            identities=identities(bsuid, digits),
            name=string(profile.get("name")),
            username=string(profile.get("username")).removeprefix("@"),
        )

    def renamed(self, item: Mapping[str, Any]) -> tuple[Person, list[Identity]] | None:
        """Of a system message: who bears new names, and which names are no more."""
        system = mapping(item.get("system"))
        word, phone = system.get("type"), system.get("wa_id") or system.get("new_wa_id")
        if word == "user_changed_user_id":
            phone = phone or item.get("from")
        person = self.person(system.get("user_id"), phone, {})
        if word not in RENAMED or person is None:
            return None
        old_id = system.get("previous_user_id") or item.get("from_user_id")
        olds = identities(*names(old_id, item.get("from")))
        keys = [identity.key for identity in person.identities]
        return person, [old for old in olds if old.key not in keys] or [*olds[:1]]

    def involved(self, item: Mapping[str, Any]) -> Person | None:
        """The one outside whom an item of any shape is about."""
        for side in ("", "from_", "to_"):
            user_id = item.get(f"{side}user_id")
            phone = item.get(side.rstrip("_") or "wa_id")
            bsuid, digits = names(user_id, phone)
            if bsuid or (digits and normal_form(digits) != self.own_number):
                return self.person(user_id, phone)
        return None

    def is_own(self, item: Mapping[str, Any], card: Card) -> bool:
        """Whether the business wrote this message of its thread with `card`."""
        author = normal_form(names(None, item.get("from"))[1])
        if not author:
            return False  # only people hide their number
        if author == self.own_number:
            return True
        bsuid, digits = names(card.get("user_id"), card.get("wa_id"))
        if item.get("from_user_id") or not (bsuid or digits):
            return False
        return author != normal_form(digits)
