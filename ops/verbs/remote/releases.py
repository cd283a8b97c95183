"""On a host: prints which releases run, which it has, and what became of them, as JSON (deploys)."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

HOME = Path("/opt/microblog")
PROGRAMS = Path("/etc/supervisor/conf.d")
SOCKET = Path("/var/lib/microblog/run/current.sock")


def name_of(link: Path) -> str:
    """The release that a link leads to; nothing where there is none."""
    return link.readlink().name if link.is_symlink() else ""


def read_running(processes: Path = Path("/proc")) -> Iterator[dict[str, str]]:
    """Each program of Supervisor's with the release that it was started with: also children left behind."""
    for process in processes.iterdir():
        if not process.name.isdigit():
            continue
        try:
            lines = (process / "environ").read_bytes().split(b"\0")
        except OSError:
            # It has ended meanwhile.
            continue
        values = dict(line.decode(errors="replace").split("=", 1) for line in lines if b"=" in line)
        if "SUPERVISOR_PROCESS_NAME" in values and "MICROBLOG_RELEASE" in values:
            program, release = values["SUPERVISOR_PROCESS_NAME"], values["MICROBLOG_RELEASE"]
            yield {"program": program, "release": release, "pid": process.name}


def read_installed(releases: Path) -> list[str]:
    """The names of the releases that lie there whole, newest first: VERSION-TIME, and the time counts."""
    names = (path.parent.name for path in releases.glob("*/installed"))
    return sorted(names, key=lambda name: name.split("-", 1)[::-1], reverse=True)


def main() -> None:
    """Print all that a deploy asks of this host."""
    slot = SOCKET.readlink().stem if SOCKET.is_symlink() else ""
    log = HOME / "revisions.log"
    disk = os.statvfs(HOME)
    print(
        json.dumps(
            {
                "current": name_of(HOME / "current"),
                "slot": slot,
                "serving": name_of(HOME / "slots" / slot) if slot else "",
                "programs": sorted(path.stem for path in PROGRAMS.glob("*.conf")),
                "running": sorted(read_running(), key=lambda each: (each["program"], int(each["pid"]))),
                "linked": sorted(
                    {name_of(link) for link in [HOME / "current", *HOME.glob("slots/*")]} - {""}
                ),
                "installed": read_installed(HOME / "releases"),
                "revisions": log.read_text(encoding="utf-8").splitlines() if log.exists() else [],
                "free_megabytes": disk.f_bavail * disk.f_frsize // 1_000_000,
                "free_files": disk.f_favail,
            }
        )
    )


if __name__ == "__main__":
    main()
