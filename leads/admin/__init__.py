"""The back office of leads; each module is one subject."""

from leads.admin import (
    campaigns,
    imports,
    leads,
    merging,
    operations,
    pipeline,
    spending,
)

__all__ = [
    "campaigns",
    "imports",
    "leads",
    "merging",
    "operations",
    "pipeline",
    "spending",
]
