"""Leads and campaigns: the pipeline, what it costs, edits of many at once."""

from django.apps import AppConfig


class LeadsConfig(AppConfig):
    name = "leads"
    verbose_name = "Leads and campaigns"
