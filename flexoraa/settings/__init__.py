"""Every setting, read from the environment; what is required has no default.

`.env.example` names each variable. DEBUG and SANDBOX give development defaults; with
both unset nothing secret has one. A module for each topic; here they come together.
"""

# ruff: noqa: F403 (the names are settings: Django takes those in capitals)
from flexoraa.settings.place import *  # isort: skip
from flexoraa.settings.doors import *
from flexoraa.settings.edge import *
from flexoraa.settings.framework import *
from flexoraa.settings.people import *
from flexoraa.settings.platforms import *
from flexoraa.settings.watching import *
from flexoraa.settings.wiring import *
