"""A sample of the soak (`python -m benchmarks.soak` is the whole): nothing lost, nothing told twice without a reason."""

import pytest

from tests.acceptance.soak import CHANNELS, soak

pytestmark = pytest.mark.slow

HITS = 300


def test_kills_and_failing_channels_lose_nothing(tmp_path, capsys):
    """Whatever the services answer and whenever the program dies, each hit reaches each channel, in bounds."""
    account = soak(tmp_path, hits=HITS, kills=8, patience=240)

    with capsys.disabled():
        print(f"\n{account}")
    assert account.recorded == HITS * len(CHANNELS)
    assert account.lost == []
    assert account.repeated_otherwise == []
    assert account.mails_unfolded == 0
    assert account.over == []
