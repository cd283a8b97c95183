"""Releases: the same source gives the same one, what differs is refused, hosts' Python decides the wheels."""

import io
import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from devstack.layout import ROOT
from ops import releases, wheelhouses
from ops.releases import adopt, build, list_releases, verify
from ops.sources import export, unpack
from ops.wheelhouses import PLATFORMS, ReleaseRefused, select_requirements

NOBODY = ("-c", "user.name=Nobody", "-c", "user.email=nobody@example.org")
NEEDED = "needed-1-py3-none-any.whl"
INITIAL = 'VERSION = "1"\n'


def git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *NOBODY, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a package that is small, and as much of ours as a wheel needs; downloads nothing."""
    root = tmp_path / "checkout"
    package = root / "app" / "microblog"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('"""Small."""\n\n__version__ = "1.2.3"\n')
    (package / "__main__.py").write_text(INITIAL)
    (root / "requirements").mkdir()
    (root / "requirements" / "runtime.in").write_text("")
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / NEEDED).write_bytes(b"wheel")
    hashed = wheelhouses.hash_file(wheels / NEEDED)
    (root / "requirements" / "runtime.txt").write_text(f"needed==1 \\\n    --hash=sha256:{hashed}\n")
    for name in ("setup.py", "LICENSE"):
        shutil.copyfile(ROOT / name, root / name)
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root, "One", "2026-01-02T03:04:05+0100")
    monkeypatch.setattr(releases, "make_wheelhouse", lambda _lock, _machine, _store: wheels)
    return root


def commit(root: Path, message: str, date: str) -> None:
    git(root, "add", "--all")
    environment = {"GIT_COMMITTER_DATE": date, "GIT_AUTHOR_DATE": date, "PATH": "/usr/bin:/bin"}
    command = ["git", "-C", str(root), *NOBODY, "commit", "--quiet", "--message", message]
    subprocess.run(command, check=True, env=environment)


def manifest_of(root: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / "var" / "releases" / name / "manifest.json").read_text())
    return found


def test_a_release_is_named_by_version_and_time_of_its_commit(checkout: Path) -> None:
    name = build(["x86_64"], root=checkout)

    assert name == "1.2.3-20260102T020405Z"
    release = checkout / "var" / "releases" / name
    manifest = manifest_of(checkout, name)
    assert manifest["commit"] == git(checkout, "rev-parse", "HEAD").strip()
    assert manifest["dirty"] is False
    wheels = sorted(path.name for path in (release / "wheelhouse").iterdir())
    assert wheels == ["microblog-1.2.3-py3-none-any.whl", "needed-1-py3-none-any.whl"]
    own = wheelhouses.hash_file(release / "wheelhouse" / wheels[0])
    assert f"microblog==1.2.3 \\\n    --hash=sha256:{own}\n" in (release / "requirements.txt").read_text()
    assert list(manifest["files"]) == ["requirements.txt", *(f"wheelhouse/{wheel}" for wheel in wheels)]


def test_building_it_again_does_nothing_and_building_it_anew_gives_the_same_bytes(checkout: Path) -> None:
    name = build(["x86_64"], root=checkout)
    manifest = checkout / "var" / "releases" / name / "manifest.json"
    first, made = manifest.read_bytes(), manifest.stat().st_mtime_ns

    assert build(["x86_64"], root=checkout) == name
    assert manifest.stat().st_mtime_ns == made

    shutil.rmtree(manifest.parent)
    assert build(["x86_64"], root=checkout) == name
    assert manifest.read_bytes() == first


def test_changes_are_refused_unless_told_and_then_named(checkout: Path) -> None:
    (checkout / "app" / "microblog" / "__main__.py").write_text('VERSION = "2"\n')

    with pytest.raises(ReleaseRefused, match=r"app/microblog/__main__\.py.*--dirty"):
        build(["x86_64"], root=checkout)

    name = build(["x86_64"], dirty=True, root=checkout)
    assert name.startswith("1.2.3-")
    assert name.endswith("Z-dirty")
    assert manifest_of(checkout, name)["dirty"] is True
    assert build(["x86_64"], dirty=True, root=checkout) == name


def test_what_no_wheel_is_made_of_may_change(checkout: Path) -> None:
    (checkout / "notes.txt").write_text("not in version control")

    assert build(["x86_64"], root=checkout) == "1.2.3-20260102T020405Z"


def test_a_commit_can_be_named_whatever_the_work_tree_holds(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "tag", "v1")
    (checkout / "app" / "microblog" / "__main__.py").write_text('VERSION = "2"\n')
    commit(checkout, "Two", "2026-01-03T00:00:00Z")
    (checkout / "app" / "microblog" / "__main__.py").write_text('VERSION = "3"\n')

    source = export(checkout, tmp_path / "source", ref="v1")

    assert source.name == "1.2.3-20260102T020405Z"
    assert (source.folder / "app" / "microblog" / "__main__.py").read_text() == INITIAL


def test_two_commits_of_one_second_are_not_mixed_up(checkout: Path) -> None:
    build(["x86_64"], root=checkout)
    (checkout / "app" / "microblog" / "__main__.py").write_text('VERSION = "2"\n')
    commit(checkout, "Two", "2026-01-02T03:04:05+0100")

    with pytest.raises(ReleaseRefused, match="same second"):
        build(["x86_64"], root=checkout)


def test_a_tag_that_nobody_made_is_refused(checkout: Path) -> None:
    with pytest.raises(ReleaseRefused, match="no commit or tag 'v9'"):
        build(["x86_64"], ref="v9", root=checkout)


def test_a_folder_without_version_control_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReleaseRefused, match="no checkout"):
        build(["x86_64"], root=tmp_path)


def test_a_changed_file_is_noticed(checkout: Path) -> None:
    name = build(["x86_64"], root=checkout)
    release = checkout / "var" / "releases" / name
    verify(release)

    wheel = release / "wheelhouse" / "needed-1-py3-none-any.whl"
    wheel.unlink()
    wheel.write_bytes(b"another wheel")

    with pytest.raises(ReleaseRefused, match=r"needed-1-py3-none-any\.whl isn't what the manifest says"):
        verify(release)


@pytest.fixture
def fetched(checkout: Path, tmp_path: Path) -> Path:
    """A release unpacked as a host has it, and no longer kept here."""
    name = build(["x86_64"], root=checkout)
    folder = tmp_path / "host" / name
    shutil.copytree(checkout / "var" / "releases" / name, folder)
    shutil.rmtree(checkout / "var" / "releases")
    return folder


def pack(release: Path) -> Path:
    """Pack it, as is done on a host (ops/roles/release/tasks/fetch.yml)."""
    with tarfile.open(release.with_suffix(".tar"), "w") as archive:
        archive.add(release, ".")
    return release.with_suffix(".tar")


def repack(release: Path) -> Path:
    """As `pack`, with a manifest that is true of its files, as somebody who holds a host can."""
    manifest = json.loads((release / "manifest.json").read_text())
    files = [release / "requirements.txt", *(release / "wheelhouse").iterdir()]
    manifest["files"] = wheelhouses.hash_tree(release, files)
    (release / "manifest.json").write_text(json.dumps(manifest))
    return pack(release)


def change_manifest(release: Path, **values: object) -> None:
    manifest = json.loads((release / "manifest.json").read_text())
    (release / "manifest.json").write_text(json.dumps(manifest | values))


def test_a_release_comes_back_from_a_host_as_it_was(checkout: Path, fetched: Path) -> None:
    assert adopt(pack(fetched), checkout) == fetched.name

    assert list_releases(checkout / "var" / "releases") == [fetched.name]
    verify(checkout / "var" / "releases" / fetched.name)


@pytest.mark.parametrize("wheel", [NEEDED, "microblog-1.2.3-py3-none-any.whl", "added-1-py3-none-any.whl"])
def test_a_wheel_that_the_commit_neither_needs_nor_makes_is_refused(
    checkout: Path, fetched: Path, wheel: str
) -> None:
    path = fetched / "wheelhouse" / wheel
    path.unlink(missing_ok=True)
    path.write_bytes(b"another wheel")
    requirements = fetched / "requirements.txt"
    requirements.write_text(
        f"{requirements.read_text()}other==1 --hash=sha256:{wheelhouses.hash_file(path)}\n"
    )

    with pytest.raises(ReleaseRefused, match=rf"{wheel} isn't what commit"):
        adopt(repack(fetched), checkout)

    assert list_releases(checkout / "var" / "releases") == []


def test_requirements_that_are_not_the_commits_are_refused(checkout: Path, fetched: Path) -> None:
    (fetched / "requirements.txt").write_text("--index-url https://example.org\n")

    with pytest.raises(ReleaseRefused, match="isn't the lock of commit"):
        adopt(repack(fetched), checkout)


@pytest.mark.parametrize("field", ["name", "version", "source"])
def test_an_old_commit_under_another_name_is_refused(checkout: Path, fetched: Path, field: str) -> None:
    change_manifest(fetched, **{field: "9.9.9-20270102T020405Z"})

    with pytest.raises(ReleaseRefused, match="isn't that of its files and its commit"):
        adopt(repack(fetched), checkout)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"dirty": True}, "built from a work tree"),
        ({"commit": "0" * 40}, "unknown here: git fetch"),
        ({"commit": "--all"}, "names no commit"),
    ],
)
def test_a_release_that_git_cant_vouch_for_is_refused(
    checkout: Path, fetched: Path, values: dict[str, object], complaint: str
) -> None:
    change_manifest(fetched, **values)

    with pytest.raises(ReleaseRefused, match=complaint):
        adopt(repack(fetched), checkout)


LOCK = """\
# A comment
timeouts==5.0 ; python_full_version < '3.11.3' \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via redis
newer==3.0 ; python_full_version >= '3.12' \\
    --hash=sha256:cc
arms==1 ; platform_machine == 'aarch64' \\
    --hash=sha256:dd
windows==1 ; sys_platform == 'win32' \\
    --hash=sha256:ee
always[extra]==2 \\
    --hash=sha256:ff
"""


def test_the_hosts_python_decides_what_is_needed() -> None:
    """Debian 12's is older than 3.11.3 and the controller's most likely isn't."""
    assert select_requirements(LOCK, "x86_64") == [
        "timeouts==5.0 --hash=sha256:aa --hash=sha256:bb",
        "always[extra]==2 --hash=sha256:ff",
    ]
    assert "arms==1 --hash=sha256:dd" in select_requirements(LOCK, "aarch64")


def test_a_requirement_without_a_hash_is_refused() -> None:
    with pytest.raises(ReleaseRefused, match="loose==1 has no hash"):
        select_requirements("loose==1\n", "x86_64")


@pytest.mark.parametrize("machine", PLATFORMS)
@pytest.mark.parametrize("lock", ["runtime", "supervisor"])
def test_the_locks_can_be_read(lock: str, machine: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    chosen = select_requirements(text, machine)
    names = [line.partition("==")[0] for line in chosen]
    assert len(names) == len(set(names)) > 0
    assert all(" --hash=sha256:" in line for line in chosen)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("../outside", tarfile.REGTYPE), ("/outside", tarfile.REGTYPE), ("link", tarfile.SYMTYPE)],
)
def test_an_archive_writes_below_its_folder_alone(tmp_path: Path, name: str, kind: bytes) -> None:
    archive = tmp_path / "release.tar"
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, "/etc/passwd"
    with tarfile.open(archive, "w") as packed:
        packed.addfile(member, io.BytesIO())

    with pytest.raises(ReleaseRefused, match="is no plain file of a release"):
        unpack(archive, tmp_path / "release")

    assert not (tmp_path / "outside").exists()
