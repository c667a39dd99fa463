"""The rows of leads and campaigns."""

from leads.models.ads import AdAccount
from leads.models.bulk import BulkChange, BulkOperation
from leads.models.campaigns import Campaign, SpendEntry
from leads.models.facts import Revenue, Touch
from leads.models.history import AssignmentInterval, LeadEdit, StageInterval
from leads.models.importing import ImportJob, ImportRow
from leads.models.leads import Lead, LeadText
from leads.models.merging import Duplicate, MergeRecord, Stale
from leads.models.scoring import ScoreRule
from leads.models.stages import CustomField, LeadSettings, Stage
from leads.models.work import Note, SavedView, Task

__all__ = [
    "AdAccount",
    "AssignmentInterval",
    "BulkChange",
    "BulkOperation",
    "Campaign",
    "CustomField",
    "Duplicate",
    "ImportJob",
    "ImportRow",
    "Lead",
    "LeadEdit",
    "LeadSettings",
    "LeadText",
    "MergeRecord",
    "Note",
    "Revenue",
    "SavedView",
    "ScoreRule",
    "SpendEntry",
    "Stage",
    "StageInterval",
    "Stale",
    "Task",
    "Touch",
]
