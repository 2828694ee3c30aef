"""The fixture that tests of a campaign's file share."""

from pathlib import Path

import pytest

from tests.app.campaign.journals import small_campaign
from tests.app.conftest import Run


@pytest.fixture
def small(run: Run, tmp_path: Path) -> Path:
    """Return the file of a small campaign that ended."""
    return small_campaign(run, tmp_path)
