"""Moments, as feeds of four languages write them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.dates import moment

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "Mon, 02 Mar 2026 09:00:00 GMT",
        "Mon, 02 Mar 2026 09:00:00",
        "Mon, 2 Mar 26 09:00 Z",
        "Mon, 02 Mar 2026 10:00:00 +0100",
        "Mon, 02 Mar 2026 10:00:00 CET",
        "Mon, 02 Mar 2026 11:00:00 CEST",
        "Mon, 02 Mar 2026 04:00:00 EST",
        "Mon, 02 Mar 2026 01:00:00 PST",
        "Mon, 02 Mar 2026 09:00 a.m. GMT",
        "ma, 02 mrt 2026 10:00:00 +0100",
        "maandag 2 maart 2026 om 09:00",
        "lun., 02 mars 2026 10:00:00 +0100",
        "le 2 mars 2026 à 9h00",
        "Mo, 02 Mär 2026 10:00:00 MEZ",
        "2. März 2026, 9:00",
        "2026-03-02T10:00:00+01:00",
        "2026-03-02T10:00+01:00",
        "2026-03-02T09:00:00.123Z",
        "2026-03-02 09:00:00",
        "20260302T090000Z",
        "Mon Mar  2 09:00:00 2026",
        "March 2, 2026 9:00 am",
        "02/03/2026 09:00",
        "1772442000",
        "1772442000000",
        "Mon, 02 Mar 2026 09:00:00 XYZ",
    ],
)
def test_a_moment_is_read_however_it_is_written(written: str) -> None:
    """Dutch, Belgian and German systems write months in words, and zones by name."""
    found = moment(written)

    assert found is not None
    assert found.replace(microsecond=0) == NINE
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("written", "month"),
    [
        ("5 mei 2026", 5),
        ("5 juin 2026", 6),
        ("5 juillet 2026", 7),
        ("5 août 2026", 8),
        ("5 okt 2026", 10),
        ("5 déc 2026", 12),
    ],
)
def test_months_have_names_in_four_languages(written: str, month: int) -> None:
    """`mai`, `mei` and `may` are one month; `juin` and `juillet` are two."""
    assert moment(written) == datetime(2026, month, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "gisteren",
        "9999-12-31T23:59:59Z",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "0",
        "0000-00-00",
        "31 feb 2026",
        "12:30",
    ],
)
def test_what_cannot_be_meant_is_no_date(written: str) -> None:
    """Better no date than one that sorts an article to the end of time."""
    assert moment(written, NINE) is None


def test_numbers_are_day_before_month_where_they_can_be() -> None:
    """We read European papers; some of their systems are American."""
    assert moment("05/03/2026 12:00") == datetime(2026, 3, 5, 12, tzinfo=UTC)
    assert moment("03/25/2026") == datetime(2026, 3, 25, tzinfo=UTC)


def test_a_date_long_after_today_is_no_date() -> None:
    """An agenda may announce; nothing is dated three years ahead."""
    assert moment("2027-03-02T09:00:00Z", NINE) is not None
    assert moment("2029-03-02T09:00:00Z", NINE) is None


@settings(deadline=None, max_examples=100, derandomize=True)
@given(
    st.text(max_size=60) | st.from_regex(r"\A[0-9]{1,4}[-/. ][0-9a-zé]{1,9}[-/. ][0-9]{1,12}[ T]?[0-9:]*[+a-z0-9]*\Z")
)
def test_nothing_raises(written: str) -> None:
    """Dates come from strangers."""
    found = moment(written)
    assert found is None or found.utcoffset() == timedelta()
