"""Which logs go when: days, room, and a disk that is full."""

import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.inventory import REPOSITORY
from ops.rendering import render

PRUNE = REPOSITORY / "ops/roles/log_store/files/prune-log-store"
TODAY = datetime.now(UTC).date()
needs_zstd = pytest.mark.skipif(not shutil.which("zstd"), reason="zstd is not installed")


def make_days(folder: Path, *ages: int, size: int = 1_000_000, program: str = "web-blue") -> None:
    for age in ages:
        day = folder / (TODAY - timedelta(days=age)).isoformat()
        day.mkdir(exist_ok=True)
        (day / f"{program}.log").write_bytes(os.urandom(size))


def prune(
    folder: Path, *, days: int = 30, max_mb: int = 100, min_free_mb: int = 0, floor_mb: int = 0
) -> tuple[list[int], str]:
    """The ages of the days that stay, and what was said."""
    words = [f"--days={days}", f"--max-mb={max_mb}", f"--min-free-mb={min_free_mb}", f"--floor-mb={floor_mb}"]
    done = subprocess.run(
        [sys.executable, PRUNE, *words, str(folder)], capture_output=True, text=True, check=True
    )
    names = [path.name for path in folder.iterdir() if path.is_dir()]
    return sorted((TODAY - datetime.fromisoformat(name).date()).days for name in names), done.stdout


@needs_zstd
def test_old_days_go_and_former_ones_are_compressed(tmp_path: Path) -> None:
    make_days(tmp_path, 0, *range(2, 5))
    (tmp_path / (TODAY - timedelta(days=2)).isoformat() / "web-blue.log.zst").write_text("broken off")

    assert prune(tmp_path, days=2)[0] == [0, 2, 3]
    assert sorted(path.name for path in tmp_path.glob("*/*")) == ["web-blue.log", *["web-blue.log.zst"] * 2]
    packed = tmp_path / (TODAY - timedelta(days=2)).isoformat() / "web-blue.log.zst"
    assert len(subprocess.run(["zstd", "-dcq", packed], capture_output=True, check=True).stdout) == 1_000_000


@needs_zstd
def test_of_the_program_that_takes_the_most_the_oldest_go(tmp_path: Path) -> None:
    make_days(tmp_path, 0, 2, 3, 4, program="haproxy")
    make_days(tmp_path, 2, 5, size=500_000, program="relay")

    ages, said = prune(tmp_path, max_mb=3)

    assert ages == [0, 2, 5]
    assert f"{TODAY - timedelta(days=4)}/haproxy.log goes: all logs take 5 MB, and 3 are allowed" in said
    assert sorted(path.name.split(".")[0] for path in tmp_path.glob("*/*")) == ["haproxy"] * 2 + ["relay"] * 2


@needs_zstd
def test_who_floods_one_program_takes_nobody_elses_lines(tmp_path: Path) -> None:
    make_days(tmp_path, 0, 2, size=3_000_000, program="haproxy")
    make_days(tmp_path, 0, 2, 3, size=500_000)

    prune(tmp_path, max_mb=2)

    assert [path.stat().st_size for path in tmp_path.glob("*/haproxy.log*")] == [0]
    assert len(list(tmp_path.glob("*/web-blue.log*"))) == 3


@needs_zstd
@pytest.mark.parametrize("program", ["sudo", "sshd", "kernel"])
def test_a_flood_takes_no_lines_of_who_came(program: str, tmp_path: Path) -> None:
    make_days(tmp_path, 0, 2, 3, size=600_000, program=program)
    make_days(tmp_path, 0, 2, 3, size=5_000_000)

    prune(tmp_path, max_mb=8)
    assert len(list(tmp_path.glob(f"*/{program}.log*"))) == 3
    assert len(list(tmp_path.glob("*/web-blue.log*"))) == 1

    # Nor does who fills the disk with something else.
    assert prune(tmp_path, max_mb=8, min_free_mb=10**9)[0] == [0, 2, 3]
    assert prune(tmp_path, days=1, max_mb=8)[0] == [0, 2]


@needs_zstd
@pytest.mark.parametrize("program", ["sudo", "sshd", "kernel"])
def test_who_came_in_a_flood_takes_no_more_than_a_share(program: str, tmp_path: Path) -> None:
    other = "sshd" if program == "sudo" else "sudo"
    make_days(tmp_path, 0, 2, 3, 4, size=2_000_000, program=program)
    make_days(tmp_path, 0, 2, size=900_000, program=other)
    make_days(tmp_path, 0, 2)

    _, said = prune(tmp_path, max_mb=10)

    assert said.startswith(f"{TODAY - timedelta(days=4)}/{program}.log goes: ")
    assert len(list(tmp_path.glob(f"*/{program}.log*"))) == 3
    assert len(list(tmp_path.glob("*/*"))) == 7
    # What they said today stays in any case.
    prune(tmp_path, max_mb=1)
    left = [path for path in tmp_path.glob("*/*") if path.stat().st_size]
    assert sorted(path.name for path in left) == sorted([f"{program}.log", f"{other}.log"])


@needs_zstd
def test_who_fills_the_disk_takes_logs_down_to_a_floor(tmp_path: Path) -> None:
    make_days(tmp_path, 0, 2, 3, 4, size=2_000_000)

    ages, said = prune(tmp_path, min_free_mb=10**9, floor_mb=5)

    assert ages == [0, 2]
    assert f"{TODAY - timedelta(days=3)}/web-blue.log goes: " in said
    assert "The store takes nothing until there is room" in said


def test_todays_largest_file_is_emptied_where_it_alone_is_too_much(tmp_path: Path) -> None:
    make_days(tmp_path, 0, size=3_000_000)
    (tmp_path / TODAY.isoformat() / "relay.log").write_bytes(b"x" * 1000)

    ages, said = prune(tmp_path, max_mb=2)

    assert ages == [0]
    assert "web-blue.log is emptied" in said
    assert [path.stat().st_size for path in sorted(tmp_path.glob("*/*"))] == [1000, 0]


@needs_zstd
@pytest.mark.parametrize("years", [-50, 50])
def test_a_clock_that_jumps_takes_no_logs(years: int, tmp_path: Path) -> None:
    make_days(tmp_path, *(age + years * 365 for age in range(30)))

    assert len(prune(tmp_path)[0]) == 30


def test_a_days_files_are_compressed_when_the_store_has_closed_them() -> None:
    told = render(
        "log_store",
        "log-store.conf.j2",
        private_address="",
        log_store_port=1,
        hostvars={},
        log_store_hosts=[],
    )
    minutes = [
        int(found[1])
        for name in ("janitor.interval", "closeTimeout")
        if (found := re.search(rf'{name}="([0-9]+)"', told))
    ]
    assert len(minutes) == 2
    script = runpy.run_path(str(PRUNE))
    assert timedelta(minutes=sum(minutes)) < script["OPEN"] / 2


def test_a_full_disk_is_told_to_the_store_until_there_is_room(tmp_path: Path) -> None:
    make_days(tmp_path, 0, size=1000)

    prune(tmp_path, min_free_mb=10**9)
    assert (tmp_path / "FULL").exists()
    prune(tmp_path)
    assert not (tmp_path / "FULL").exists()


@pytest.fixture
def run_unit(tmp_path: Path) -> Callable[..., list[str]]:
    """What the unit does after it has pruned: what systemctl is told."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "store").mkdir()
    told = tmp_path / "told"
    unit = render("log_store", "microblog-log-store-prune.service.j2")
    found = re.search(r'^ExecStartPost=\+/bin/sh -c "((?:.|\\\n)*?)"$', unit, re.MULTILINE)
    assert found
    command = found[1].replace("\\\n", " ").replace("/var/log/microblog-store", str(tmp_path / "store"))

    def run(*, starts: bool = True, **room: int) -> list[str]:
        prune(tmp_path / "store", **room)
        told.write_text("", encoding="utf-8")
        fake = f'#!/bin/sh\necho "$@" >> {told}\nexit {0 if starts else 1}\n'
        (tmp_path / "bin/systemctl").write_text(fake, encoding="utf-8")
        (tmp_path / "bin/systemctl").chmod(0o755)
        path = f"{tmp_path}/bin:{os.environ['PATH']}"
        subprocess.run(["/bin/sh", "-c", command], check=False, env={"PATH": path})
        return told.read_text(encoding="utf-8").splitlines()

    return run


def test_a_store_that_was_full_is_started_when_there_is_room_whatever_was_booted_meanwhile(
    run_unit: Callable[..., list[str]],
) -> None:
    stop, start = ["stop microblog-log-store"], ["start microblog-log-store"]

    # A store that was stopped by hand stays so.
    assert run_unit() == []
    assert run_unit(min_free_mb=10**9) == stop
    assert run_unit(starts=False) == start
    assert run_unit() == start
    assert run_unit() == []
    # Full anew before it was started.
    assert run_unit(min_free_mb=10**9) == stop
    assert run_unit(starts=False) == start
    assert run_unit(min_free_mb=10**9) == stop
    assert run_unit() == start
