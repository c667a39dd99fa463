"""Two companies on one installation, with a row of everything in each."""

import pytest

from flexoraa.tests.rows import Rows


@pytest.fixture
def ours(make_workspace) -> Rows:
    """The asker's company."""
    return Rows(make_workspace("acme"), "Asha").fill()


@pytest.fixture
def theirs(make_workspace) -> Rows:
    """The other one: its mark is in whatever leaks."""
    return Rows(make_workspace("canary-corp", name="Canary Corp"), "Canary").fill()
