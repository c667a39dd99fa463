"""The back office of leads; each module is one subject."""

from leads.admin import campaigns, leads, operations, pipeline

__all__ = ["campaigns", "leads", "operations", "pipeline"]
