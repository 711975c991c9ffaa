"""A sample of the soak (`python -m benchmarks.soak` is the whole): nothing lost, nothing told twice without a reason."""

import pytest

from tests.acceptance.soak import CHANNELS, soak

pytestmark = pytest.mark.slow


def test_kills_and_failing_channels_lose_nothing(tmp_path, capsys):
    """Whatever the services answer and whenever the program dies, each hit reaches each channel, in bounds."""
    account = soak(tmp_path, hits=300, kills=8, patience=240)

    with capsys.disabled():
        print(f"\n{account}")
    assert account.recorded == 300 * len(CHANNELS)
    assert account.lost == []
    assert account.repeated_otherwise == []
    assert account.mails_unfolded == 0
    assert account.over == []
