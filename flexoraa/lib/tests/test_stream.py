"""Positions in the live stream's log, and what may be asked from them."""

import time

import pytest

from flexoraa.lib.stream import KEPT_SECONDS, Position

NOW = int(time.time())


@pytest.mark.parametrize("snapshot", ["5:5:", "5:9:5,7", f"1:{2**63 - 1}:"])
def test_a_position_reads_what_it_wrote(snapshot):
    position = Position(NOW, snapshot)
    assert Position.read(str(position)) == position


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "5:5:",
        f"{NOW}-5",
        f"{NOW}-9:5:",
        f"{NOW}-0:5:",
        f"{NOW}-5:9:5,",
        f"{NOW}-5:9:5,x",
        f"{NOW}-5:{2**63}:",
        f"{NOW}-5:9:" + ",".join(["5"] * 1001),
        f"{NOW}-5:5:\n",
        f"{NOW - KEPT_SECONDS}-5:5:",
        "٣-5:5:",
    ],
)
def test_what_is_no_position_or_too_old_starts_anew(text):
    assert Position.read(text) is None
