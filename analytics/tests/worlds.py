"""Small random companies, written as rows, for reports to count."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from analytics.models import Holiday, ReportSettings, WorkingSpan
from inbox.models import (
    AssignmentInterval,
    ChannelAccount,
    Contact,
    Conversation,
    Cycle,
    Message,
    StatusEvent,
    WaitSegment,
)
from leads.models import (
    AssignmentInterval as LeadAssignment,
)
from leads.models import (
    Campaign,
    Lead,
    Revenue,
    SpendEntry,
    Stage,
    StageInterval,
    Task,
    Touch,
)
from teams.models import Membership, User, Workspace

BASE = datetime(2026, 3, 1, tzinfo=UTC)  # New York's clocks change on the eighth
SPAN_DAYS = 24
ZONES = ("Asia/Kolkata", "America/New_York", "UTC", "Pacific/Auckland")
HOURS: dict[str, list] = {
    day: [["09:30", "13:00"], ["14:00", "18:30"]]
    for day in ("mon", "tue", "wed", "thu", "fri")
}


class World:
    """A workspace with people, campaigns, leads and conversations, from a seed."""

    def __init__(self, seed: int, size: int = 8) -> None:
        self.chance = random.Random(seed)
        self.workspace = Workspace.objects.create(
            name=f"World {seed}", slug=f"world-{seed}", timezone=self.pick(ZONES)
        )
        self.settings = ReportSettings.objects.create(
            workspace=self.workspace,
            hours=self.pick([{}, HOURS]),
            sla_seconds=self.pick([600, 7_200]),
            lookback_days=self.pick([5, 90]),
            horizon_days=self.pick([3, 60]),
        )
        self.write_hours()
        self.users = [self.make_user(f"u{n}-{seed}@world.example") for n in range(3)]
        self.campaigns = [self.make_campaign(n) for n in range(3)]
        self.stages = list(
            Stage.objects.for_workspace(self.workspace).order_by("position")
        )
        self.account = ChannelAccount.objects.create(
            workspace=self.workspace,
            channel="whatsapp",
            name="Ours",
            external_id=f"world-{seed}",
        )
        self.leads = [self.make_lead() for _ in range(size)]
        for _ in range(size // 3):
            self.merge(*self.chance.sample(self.leads, 2))
        self.conversations = [self.converse() for _ in range(size)]
        for _ in range(size):
            self.spend()

    def pick(self, choices: Any) -> Any:
        return self.chance.choice(choices)

    def moment(self, after: datetime = BASE) -> datetime:
        """Some whole second within the span."""
        end = BASE + timedelta(days=SPAN_DAYS)
        room = max(int((end - after).total_seconds()), 1)
        return after + timedelta(seconds=self.chance.randrange(room))

    def write_hours(self) -> None:
        """Working time of the world's span, with a holiday in it."""
        Holiday.objects.create(
            workspace=self.workspace, day=(BASE + timedelta(days=9)).date()
        )
        WorkingSpan.objects.filter(workspace=self.workspace).delete()
        WorkingSpan.objects.rewrite(self.settings, BASE - timedelta(days=10))

    def make_user(self, email: str) -> User:
        user = User.objects.create(email=email)
        Membership.objects.create(workspace=self.workspace, user=user, role="sdr")
        return user

    def make_campaign(self, number: int) -> Campaign:
        return Campaign.objects.create(
            workspace=self.workspace,
            code=f"c{number}",
            name=f"Campaign {number}",
            channel=self.pick(["whatsapp", "instagram"]),
        )

    def spend(self) -> SpendEntry:
        entry = SpendEntry.objects.create(
            workspace=self.workspace,
            campaign=self.pick(self.campaigns),
            day=self.moment().date(),
            kind=self.pick(["ad", "message", "other"]),
            amount_paise=self.chance.randrange(100_000),
            currency=self.pick(["INR", "INR", "INR", "USD"]),
        )
        if self.chance.random() < 0.3:
            entry.revise(self.chance.randrange(100_000))
        return entry

    def make_lead(self) -> Lead:
        """With a history of stages, owners, touches, revenue and tasks."""
        born = self.moment()
        moves = [self.pick(self.stages) for _ in range(self.chance.randrange(1, 5))]
        moves = [a for a, b in zip(moves, [None, *moves], strict=False) if a != b]
        times = sorted([born, *(self.moment(born) for _ in moves[1:])])
        is_closed = moves[-1].kind != "open"
        owners = [self.pick([*self.users, None]) for _ in range(2)]
        lead = Lead.objects.create(
            workspace=self.workspace,
            name="Somebody",
            stage=moves[-1],
            owner=owners[-1],
            campaign=self.pick([*self.campaigns, None]),
            source=self.pick(["", "fair", "website"]),
            value_paise=self.chance.randrange(10**6),
            created_at=born,
            closed_at=times[-1] if is_closed else None,
            archived_at=born if self.chance.random() < 0.1 else None,
        )
        self.write_history(lead, moves, times, owners)
        for _ in range(self.chance.randrange(4)):
            self.touch(lead)
        for _ in range(self.chance.randrange(4)):
            self.earn(lead)
        for _ in range(self.chance.randrange(2)):
            due = self.moment()
            Task.objects.create(
                workspace=self.workspace,
                lead=lead,
                title="Call",
                due_at=due,
                assignee=self.pick([*self.users, None]),
                done_at=self.pick([None, due, due + timedelta(seconds=1)]),
            )
        return lead

    def write_history(self, lead: Lead, moves: list, times: list, owners: list) -> None:
        """In place of what the triggers wrote for the one statement that made it."""
        StageInterval.objects.filter(lead=lead).delete()
        LeadAssignment.objects.filter(lead=lead).delete()
        for place, (stage, start) in enumerate(zip(moves, times, strict=True)):
            StageInterval.objects.create(
                workspace=self.workspace,
                lead=lead,
                stage=stage,
                started_at=start,
                ended_at=times[place + 1] if place + 1 < len(times) else None,
                by=self.pick([*self.users, None]),
            )
        handed = self.moment(times[0])
        for user, start, end in (
            (owners[0], times[0], handed),
            (owners[1], handed, None),
        ):
            if user:
                LeadAssignment.objects.create(
                    workspace=self.workspace,
                    lead=lead,
                    user=user,
                    started_at=start,
                    ended_at=end,
                )

    def touch(self, lead: Lead) -> Touch:
        return Touch.objects.create(
            workspace=self.workspace,
            lead=lead,
            campaign=self.pick([*self.campaigns, None]),
            kind="ad",
            at=self.moment(),
        )

    def earn(self, lead: Lead) -> Revenue:
        amount = self.chance.randrange(1, 10**6)
        return Revenue.objects.create(
            workspace=self.workspace,
            lead=lead,
            amount_paise=self.pick([1, 1, 1, -1]) * amount,
            currency=self.pick(["INR", "INR", "INR", "USD"]),
            at=self.moment(),
        )

    def merge(self, winner: Lead, loser: Lead) -> None:
        """Unless one of the two was merged already."""
        merged = {winner.pk, loser.pk} & set(
            Lead.objects.filter(merged_into__isnull=False).values_list(
                "merged_into", flat=True
            )
        )
        winner.refresh_from_db()
        loser.refresh_from_db()
        if not merged and not winner.merged_into_id and not loser.merged_into_id:
            Lead.objects.filter(pk=loser.pk).update(merged_into=winner)

    def converse(self) -> Conversation:
        """With cycles, waits, messages, statuses and somebody who had it."""
        start = self.moment()
        conversation = Conversation.objects.create(
            workspace=self.workspace,
            account=self.account,
            contact=Contact.objects.create(workspace=self.workspace),
            channel="whatsapp",
            status="resolved",
            resolved_at=start,
            last_message_at=start,
        )
        Cycle.objects.filter(conversation=conversation).delete()
        self.hold(conversation, start)
        for _ in range(self.chance.randrange(1, 4)):
            start = self.go_round(conversation, start)
        return conversation

    def hold(self, conversation: Conversation, start: datetime) -> None:
        handed = self.moment(start)
        for user, since, until in (
            (self.pick([*self.users, None]), start, handed),
            (self.pick([*self.users, None]), handed, None),
        ):
            if user:
                AssignmentInterval.objects.create(
                    workspace=self.workspace,
                    conversation=conversation,
                    user=user,
                    strategy="manual",
                    started_at=since,
                    ended_at=until,
                )

    def go_round(self, conversation: Conversation, start: datetime) -> datetime:
        """One cycle that ended; when."""
        cycle = Cycle.objects.create(
            workspace=self.workspace,
            conversation=conversation,
            started_at=start,
            ended_at=start,
            ended_by=self.pick([*self.users, None]),
        )
        at = start
        for _ in range(self.chance.randrange(1, 4)):
            at = self.wait(conversation, cycle, at)
        cycle.ended_at = at + timedelta(seconds=self.chance.randrange(10**5))
        cycle.save()
        return cycle.ended_at + timedelta(seconds=self.chance.randrange(10**6))

    def wait(self, conversation: Conversation, cycle: Cycle, at: datetime) -> datetime:
        """Somebody writes, and is answered or not; when."""
        self.say(conversation, at, "in")
        begun = at + timedelta(seconds=1)
        answered = begun + timedelta(seconds=int(self.chance.expovariate(1 / 9_000)))
        outcome = self.pick(["answered", "answered", "answered", "resolved"])
        by = self.pick([*self.users, None]) if outcome == "answered" else None
        WaitSegment.objects.create(
            workspace=self.workspace,
            conversation=conversation,
            cycle=cycle,
            started_at=begun,
            ended_at=answered,
            ended_by=by,
            outcome=outcome,
        )
        if outcome == "answered":
            self.say(conversation, answered, "out", by)
        return answered + timedelta(seconds=1 + self.chance.randrange(10**5))

    def say(
        self,
        conversation: Conversation,
        at: datetime,
        direction: str,
        author: User | None = None,
    ) -> None:
        status = "received"
        if direction == "out":
            status = self.pick(["sent", "delivered", "read", "failed", "queued"])
        message = Message.objects.create(
            workspace=self.workspace,
            account=self.account,
            conversation=conversation,
            contact=conversation.contact,
            channel="whatsapp",
            direction=direction,
            kind="text",
            author=author,
            status=status,
            errors=[{"code": 131026}] if status == "failed" else [],
            provider_at=at,
            external_id=f"wamid.{self.workspace.pk}.{Message.objects.count()}",
        )
        if status in ("sent", "delivered"):
            StatusEvent.objects.create(
                workspace=self.workspace,
                account=self.account,
                target=message.external_id,
                message=message,
                status="sent",
                rank=3,
                pricing={
                    "billable": self.pick([True, False]),
                    "category": self.pick(["marketing", "utility"]),
                },
                provider_at=at,
            )

    def shake(self) -> None:
        """Something happens late, twice, or is taken back."""
        lead = self.pick(self.leads)
        self.pick(
            [
                lambda: self.touch(lead),
                lambda: self.earn(lead),
                lambda: self.spend(),
                lambda: Touch.objects.filter(lead=lead).delete(),
                lambda: (
                    Revenue.objects.filter(lead=lead).first()
                    and Revenue.objects.filter(lead=lead).first().delete()
                ),
                lambda: Revenue.objects.filter(lead=lead).update(at=self.moment()),
                lambda: Lead.objects.filter(pk=lead.pk).update(
                    campaign=self.pick(self.campaigns)
                ),
                lambda: Lead.objects.filter(pk=lead.pk).update(
                    stage=self.pick(self.stages)
                ),
                lambda: Lead.objects.filter(pk=lead.pk).update(merged_into=None),
                lambda: self.merge(*self.chance.sample(self.leads, 2)),
                lambda: Lead.objects.filter(pk=lead.pk).update(archived_at=None),
                lambda: Message.objects.filter(
                    workspace=self.workspace, status="sent"
                ).update(status="read"),
                lambda: self.converse(),
                lambda: WaitSegment.objects.filter(
                    conversation=self.pick(self.conversations)
                ).delete(),
                lambda: Task.objects.filter(workspace=self.workspace).update(
                    done_at=self.moment()
                ),
                lambda: ReportSettings.objects.filter(pk=self.settings.pk).update(
                    sla_seconds=self.pick([300, 9_000])
                ),
            ]
        )()
