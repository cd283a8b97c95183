"""Which logs go when: days, room, and a disk that is full."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.inventory import REPOSITORY

PRUNE = REPOSITORY / "ops/roles/log_store/files/prune-log-store"
TODAY = datetime.now(UTC).date()
needs_zstd = pytest.mark.skipif(not shutil.which("zstd"), reason="zstd is not installed")


def make_days(folder: Path, *ages: int, size: int = 1_000_000) -> None:
    for age in ages:
        day = folder / (TODAY - timedelta(days=age)).isoformat()
        day.mkdir()
        (day / "web-blue.log").write_bytes(os.urandom(size))


def prune(folder: Path, *, days: int = 30, max_mb: int = 100, min_free_mb: int = 0) -> tuple[list[int], str]:
    """The ages of the days that stay, and what was said."""
    words = [f"--days={days}", f"--max-mb={max_mb}", f"--min-free-mb={min_free_mb}", str(folder)]
    done = subprocess.run([sys.executable, PRUNE, *words], capture_output=True, text=True, check=True)
    names = [path.name for path in folder.iterdir() if path.is_dir()]
    return sorted((TODAY - datetime.fromisoformat(name).date()).days for name in names), done.stdout


@needs_zstd
def test_old_days_go_and_former_ones_are_compressed(tmp_path: Path) -> None:
    make_days(tmp_path, 0, 1, 30, 31)
    (tmp_path / (TODAY - timedelta(days=1)).isoformat() / "web-blue.log.zst").write_text("broken off")

    assert prune(tmp_path)[0] == [0, 1, 30]
    assert sorted(path.name for path in tmp_path.glob("*/*")) == ["web-blue.log", *["web-blue.log.zst"] * 2]
    packed = tmp_path / (TODAY - timedelta(days=1)).isoformat() / "web-blue.log.zst"
    assert len(subprocess.run(["zstd", "-dcq", packed], capture_output=True, check=True).stdout) == 1_000_000


@needs_zstd
def test_the_oldest_go_first_where_all_take_too_much(tmp_path: Path) -> None:
    make_days(tmp_path, 0, 1, 2, 3)

    ages, said = prune(tmp_path, max_mb=2)

    assert ages == [0, 1]
    assert f"{TODAY - timedelta(days=3)} goes: all logs take 4 MB, and 2 are allowed" in said


def test_todays_largest_file_is_emptied_where_it_alone_is_too_much(tmp_path: Path) -> None:
    make_days(tmp_path, 0, size=3_000_000)
    (tmp_path / TODAY.isoformat() / "relay.log").write_bytes(b"x" * 1000)

    ages, said = prune(tmp_path, max_mb=2)

    assert ages == [0]
    assert "web-blue.log is emptied" in said
    assert [path.stat().st_size for path in sorted(tmp_path.glob("*/*"))] == [1000, 0]


def test_a_full_disk_is_told_to_the_store_until_there_is_room(tmp_path: Path) -> None:
    make_days(tmp_path, 0, size=1000)

    prune(tmp_path, min_free_mb=10**9)
    assert (tmp_path / "FULL").exists()
    prune(tmp_path)
    assert not (tmp_path / "FULL").exists()
