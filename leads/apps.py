"""Leads and campaigns: an installed app without rows yet."""

from django.apps import AppConfig


class LeadsConfig(AppConfig):
    name = "leads"
    verbose_name = "Leads and campaigns"
