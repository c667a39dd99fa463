"""What production runs: all of it pinned, whole, and none older than a known mend.

`make audit` asks for all advisories; this holds where nobody can be asked.
"""

from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
# the first version in which it is mended, and what was
MENDED = {
    "django": ("5.2.16", "CVE-2026-48588: pages of the signed-in in a shared cache"),
    "djangorestframework": ("3.15.2", "CVE-2024-21520: scripts in the browsable API"),
    "cryptography": ("44.0.1", "CVE-2024-12797: its OpenSSL"),
    "pillow": ("11.3.0", "CVE-2025-48379: a buffer overflow in DDS"),
    "requests": ("2.32.4", "CVE-2024-47081: .netrc told to others"),
    "urllib3": ("2.6.0", "CVE-2025-66418: endless decompression"),
    "certifi": ("2024.7.4", "CVE-2024-39689: a root that is no longer trusted"),
    "idna": ("3.7", "CVE-2024-3651: endless time"),
    "sqlparse": ("0.5.0", "CVE-2024-4340: endless recursion"),
    "pyyaml": ("5.4", "CVE-2020-14343: code that is run"),
    "reportlab": ("3.6.13", "CVE-2023-33733: code that is run"),
}


def pins(name: str = "requirements.txt") -> list[Requirement]:
    lines = (ROOT / name).read_text().splitlines()
    told = (line.partition("#")[0].strip() for line in lines)
    return [Requirement(line) for line in told if line and not line.startswith("-r")]


PINNED = {canonicalize_name(pin.name): pin for pin in pins()}


def version_of(pin: Requirement) -> Version:
    (only,) = pin.specifier
    assert only.operator == "==", pin
    return Version(only.version)


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("requirements*.txt")), ids=lambda p: p.name
)
def test_everything_is_pinned(path):
    for pin in pins(path.name):
        assert version_of(pin).public == str(version_of(pin))


@pytest.mark.parametrize("name", PINNED)
def test_what_is_installed_is_what_is_pinned_with_all_that_it_needs(name):
    """Else an audit of the pins would be one of something else."""
    found = metadata.distribution(name)
    assert Version(found.version) == version_of(PINNED[name])
    extras = PINNED[name].extras or {""}
    for line in found.requires or ():
        needed = Requirement(line)
        marker = needed.marker
        if marker is None or any(marker.evaluate({"extra": e}) for e in extras):
            assert canonicalize_name(needed.name) in PINNED, (name, line)


@pytest.mark.parametrize("name", MENDED)
def test_nothing_is_older_than_its_mend(name):
    version, what = MENDED[name]
    assert version_of(PINNED[name]) >= Version(version), what
