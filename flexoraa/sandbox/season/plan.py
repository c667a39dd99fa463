"""What happened in the half year, as plain values, from a seed; no row is read."""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flexoraa.sandbox.season import company
from flexoraa.sandbox.season.company import ADS, AGENTS, ORGANIC, WEEKS, Ad

SEED = 20_261
STEPS = ("New", "Contacted", "Qualified", "Won")
CHANNELS = ("whatsapp", "instagram", "facebook")
STATUSES = ("read", "delivered", "sent", "failed")


@dataclass(frozen=True, slots=True)
class Spend:
    """What a campaign cost on a day."""

    campaign: str
    day: date
    kind: str
    paise: int


@dataclass(slots=True)
class Wait:
    """Somebody wrote, and was answered by an agent (their number), or was not."""

    started_at: datetime
    ended_at: datetime
    agent: int | None


@dataclass(slots=True)
class Said:
    """A message: `agent` wrote it, or the customer did; a status of ours."""

    at: datetime
    text: str
    agent: int | None
    status: str = "received"


@dataclass(slots=True)
class Talk:
    """A conversation in rounds: each (start, end, agent who resolved it)."""

    channel: str
    agent: int
    rounds: list[tuple[datetime, datetime, int]] = field(default_factory=list)
    waits: list[tuple[int, Wait]] = field(default_factory=list)  # round, wait
    said: list[Said] = field(default_factory=list)


@dataclass(slots=True)
class Person:
    """A lead and all that became of them; times are aware UTC, in whole seconds."""

    number: int
    name: str
    phone: str
    source: str
    value_paise: int
    born: datetime
    campaign: str
    owners: list[tuple[datetime, int]]
    stages: list[tuple[datetime, str]]
    touches: list[tuple[datetime, str]] = field(default_factory=list)
    money: list[tuple[datetime, int]] = field(default_factory=list)
    tasks: list[tuple[datetime, datetime | None, int]] = field(default_factory=list)
    talk: Talk | None = None
    lost_reason: str = ""


@dataclass(slots=True)
class Plan:
    """The whole of it: the days [first, end) on the clocks of `zone`."""

    first: date
    end: date
    zone: ZoneInfo
    spend: list[Spend]
    people: list[Person]


def make_plan(first: date, zone: str, weeks: int = WEEKS, seed: int = SEED) -> Plan:
    """The half year that begins on this local day."""
    return _Planner(first, ZoneInfo(zone), weeks, seed).plan()


class _Planner:
    """Draws the plan; everything that happens has happened before `until`."""

    def __init__(self, first: date, zone: ZoneInfo, weeks: int, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 (no secret)
        self.first, self.zone = first, zone
        self.end = first + timedelta(weeks=weeks)
        self.until = self.at(self.end, 0)
        self.people: list[Person] = []

    def at(self, day: date, seconds: int) -> datetime:
        """So many seconds after the local midnight."""
        start = datetime.combine(day, time.min, self.zone).astimezone(UTC)
        return start + timedelta(seconds=seconds)

    def plan(self) -> Plan:
        spend = []
        for offset in range((self.end - self.first).days):
            day = self.first + timedelta(days=offset)
            for ad in ADS:
                if not ad.first_week * 7 <= offset < ad.last_week * 7:
                    continue
                paise = int(ad.daily_paise * self.chance.uniform(0.7, 1.3))
                spend.append(Spend(ad.code, day, ad.kind, paise))
                self.bring(ad, day)
            self.bring(ORGANIC, day)
        return Plan(self.first, self.end, self.zone, spend, self.people)

    def bring(self, ad: Ad, day: date) -> None:
        """The leads of one campaign on one day."""
        expected = ad.leads_a_day * company.season(day)
        count = int(expected) + (self.chance.random() < expected % 1)
        for _ in range(count):
            self.people.append(self.person(ad, day))

    def person(self, ad: Ad, day: date) -> Person:
        number = len(self.people)
        born = self.at(day, self.chance.randrange(8 * 3_600, 22 * 3_600))
        agent = self.chance.randrange(len(AGENTS))
        value = int(ad.value_paise * self.chance.uniform(0.5, 1.7)) // 100 * 100
        person = Person(
            number=number,
            name=f"{self.chance.choice(company.FIRST)} "
            f"{self.chance.choice(company.LAST)}",
            phone=f"+9198{20_000_000 + number * 7_919}",
            source=ad.channel or self.chance.choice(("walk-in", "website")),
            value_paise=value,
            born=born,
            campaign=ad.code,
            owners=[(born, agent)],
            stages=[(born, "New")],
        )
        if ad.code:
            person.touches.append((born, ad.code))
        self.move(person, ad)
        self.touch_again(person)
        self.pay(person)
        self.follow_up(person)
        if ad.channel != "event" and self.chance.random() < 0.92:
            person.talk = self.talk(person, ad)
        return person

    def owner(self, person: Person) -> int:
        return person.owners[-1][1]

    def later(self, moment: datetime, hours: float) -> datetime:
        """About so many hours later, at least a minute."""
        seconds = self.chance.lognormvariate(0, 0.6) * hours * 3_600
        return moment + timedelta(seconds=60 + int(seconds))

    def move(self, person: Person, ad: Ad) -> None:
        """Through the pipeline; whatever lies after the end has not happened."""
        chance, at = self.chance, person.born
        skill = AGENTS[self.owner(person)].skill
        steps: list[str] = []
        if chance.random() < 0.9:
            steps.append("Contacted")
        if chance.random() < ad.qualify * skill:
            steps.append("Qualified")
            if chance.random() < 0.07:  # back, and forward again
                steps += ["Contacted", "Qualified"]
            if chance.random() < ad.buy * skill:
                steps.append("Won")
            elif chance.random() < 0.7:
                steps.append("Lost")
        elif chance.random() < 0.6:
            steps.append("Lost")
        hours = {"Contacted": 5, "Qualified": 60, "Won": 150, "Lost": 200}
        for step in steps:
            at = self.later(at, hours[step])
            if at >= self.until:
                return
            if step == person.stages[-1][1]:
                continue
            person.stages.append((at, step))
            if step == "Lost":
                person.lost_reason = chance.choice(company.REASONS)
            if step == "Qualified" and chance.random() < 0.1:
                self.hand_on(person, at)

    def hand_on(self, person: Person, after: datetime) -> None:
        """A colleague takes over."""
        at = self.later(after, 20)
        others = [n for n in range(len(AGENTS)) if n != self.owner(person)]
        if at < self.until:
            person.owners.append((at, self.chance.choice(others)))

    def touch_again(self, person: Person) -> None:
        if self.chance.random() > 0.2:
            return
        at = self.later(person.born, 90)
        running = [
            ad.code
            for ad in ADS
            if ad.leads_a_day
            and self.at(self.first, ad.first_week * 604_800) <= at
            and at < self.at(self.first, ad.last_week * 604_800)
        ]
        if at < self.until and running:
            person.touches.append((at, self.chance.choice(running)))

    def pay(self, person: Person) -> None:
        """At the win, sometimes in two parts, sometimes again, sometimes back."""
        at, stage = person.stages[-1]
        if stage != "Won":
            return
        chance, value = self.chance, person.value_paise
        due = [(self.later(at, 3), value)]
        if chance.random() < 0.2:
            half = value // 2
            due = [(due[0][0], half), (self.later(at, 480), value - half)]
        if chance.random() < 0.15:
            due.append((self.later(at, 1_000), int(value * 0.6)))
        if chance.random() < 0.07:
            due.append((self.later(due[0][0], 120), -(value // 3)))
        person.money = sorted(one for one in due if one[0] < self.until)

    def follow_up(self, person: Person) -> None:
        if self.chance.random() > 0.5:
            return
        due = self.later(person.born, 48)
        slip = self.chance.gauss(-3, 5) / AGENTS[self.owner(person)].skill
        done: datetime | None = due + timedelta(seconds=int(slip * 3_600))
        if done and (done >= self.until or self.chance.random() < 0.08):
            done = None
        if due < self.until:
            person.tasks.append((due, done, self.owner(person)))

    def talk(self, person: Person, ad: Ad) -> Talk:
        channel = ad.channel if ad.channel in CHANNELS else self.chance.choice(CHANNELS)
        talk = Talk(channel, person.owners[0][1])
        start = person.born + timedelta(seconds=self.chance.randrange(5, 90))
        for place in range(1 + (self.chance.random() < 0.2)):
            start = self.round(talk, place, start)
        return talk

    def round(self, talk: Talk, place: int, start: datetime) -> datetime:
        """One round, from the first question until it is resolved; when the next may
        begin. What would not be over before the end has not happened."""
        at, chance = start, self.chance
        nobody = chance.random() < 0.04
        for turn in range(1 if nobody else 1 + chance.randrange(3)):
            answered = self.answered(at, AGENTS[talk.agent].pace)
            if nobody:
                answered = at + timedelta(hours=40)
            if answered >= self.until:
                break
            asked = company.ASKS if turn == 0 else company.MORE
            talk.said.append(Said(at, chance.choice(asked), None))
            by = None if nobody else talk.agent
            talk.waits.append((place, Wait(at, answered, by)))
            if not nobody:
                talk.said.append(self.answer(answered, turn, talk.agent))
            ended = answered
            at = answered + timedelta(seconds=chance.randrange(60, 7_200))
        else:
            turn += 1
        if turn == 0:
            return self.until
        late = ended + timedelta(seconds=chance.randrange(600, 20_000))
        end = ended if nobody else min(late, self.until - timedelta(seconds=1))
        talk.rounds.append((start, end, talk.agent))
        return end + timedelta(seconds=chance.randrange(86_400, 12 * 86_400))

    def answer(self, at: datetime, turn: int, agent: int) -> Said:
        """What the agent wrote, and how far it got."""
        words = company.ANSWERS if turn == 0 else company.CLOSING
        (status,) = self.chance.choices(STATUSES, (70, 20, 8, 2))
        return Said(at, self.chance.choice(words), agent, status)

    def answered(self, at: datetime, pace: int) -> datetime:
        """When an agent answers: in opening hours, as fast as they are."""
        here = at.astimezone(self.zone)
        wait = int(self.chance.lognormvariate(0, 0.9) * pace) + 20
        day, second = here.date(), (here - self.at(here.date(), 0)).seconds
        is_open = company.OPENS * 3_600 <= second < company.CLOSES * 3_600
        if is_open and day.weekday() != 6:
            return at + timedelta(seconds=wait)
        if second >= company.OPENS * 3_600 or day.weekday() == 6:
            day += timedelta(days=1)
        if day.weekday() == 6:
            day += timedelta(days=1)
        return self.at(day, company.OPENS * 3_600 + wait)
