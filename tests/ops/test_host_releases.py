"""What a host says of its releases: those that its programs run, and those that lie there."""

from pathlib import Path

from ops.verbs.remote.releases import name_of, read_installed, read_running


def test_releases_lie_there_newest_first_by_their_time(tmp_path: Path) -> None:
    for name in ("0.10.0-20260103T000000Z", "0.9.0-20260104T000000Z", "0.9.0-20260101T000000Z-dirty"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "installed").touch()
    (tmp_path / "0.11.0-20260105T000000Z").mkdir()

    assert read_installed(tmp_path) == [
        "0.9.0-20260104T000000Z",
        "0.10.0-20260103T000000Z",
        "0.9.0-20260101T000000Z-dirty",
    ]


def test_a_program_runs_the_release_that_it_was_started_with(tmp_path: Path) -> None:
    environments = {
        "10": b"SUPERVISOR_PROCESS_NAME=web-blue\0MICROBLOG_RELEASE=new\0",
        "11": b"SUPERVISOR_PROCESS_NAME=cron\0",
        "12": b"MICROBLOG_RELEASE=typed-by-hand\0",
        "self": b"SUPERVISOR_PROCESS_NAME=relay\0MICROBLOG_RELEASE=new\0",
    }
    for process, environment in environments.items():
        (tmp_path / process).mkdir()
        (tmp_path / process / "environ").write_bytes(environment)
    (tmp_path / "13").mkdir()

    assert list(read_running(tmp_path)) == [{"program": "web-blue", "release": "new", "pid": "10"}]


def test_a_link_names_its_release(tmp_path: Path) -> None:
    (tmp_path / "current").symlink_to(tmp_path / "releases" / "0.9.0-20260104T000000Z")

    assert name_of(tmp_path / "current") == "0.9.0-20260104T000000Z"
    assert name_of(tmp_path / "slots") == ""
