"""What every test may ask for: the shared data (or a reason to skip)."""

import os
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared data beside the checkout, or the one that MONITOR_SHARED names."""
    folder = Path(os.environ.get("MONITOR_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"the shared data is not here ({folder}); set MONITOR_SHARED to test against it")
    return folder


@pytest.fixture(scope="session")
def real(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real pages and feeds, unpacked for this session: `html/`, `feeds/`, `text/`, `gt_dev.json`."""
    folder = tmp_path_factory.mktemp("real")
    with tarfile.open(shared / "data" / "real.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder / "real"
