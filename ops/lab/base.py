"""The base system: a bare Debian 12 as a provider's image would be, made once and cached."""

import hashlib
import shutil
from pathlib import Path

from ops.lab.commands import run
from ops.lab.layout import CACHE, LabError

SEED = Path(__file__).with_name("seed")
SUITE = "bookworm"
PACKAGES = (
    "systemd",
    "systemd-sysv",
    "dbus",
    "libpam-systemd",
    "openssh-server",
    "python3",
    "python3-apt",
    "sudo",
    "iproute2",
    "ca-certificates",
    "nftables",
    "procps",
    "netbase",
    "acl",
)
#: What the lab needs on the machine itself: program and Debian's package.
TOOLS = {
    "systemd-nspawn": "systemd-container",
    "mmdebstrap": "mmdebstrap",
    "nft": "nftables",
    "ip": "iproute2",
    "ssh": "openssh-client",
    "unshare": "util-linux",
}


def install_tools() -> None:
    """Install what is missing of `TOOLS` by apt.

    Raises `LabError` naming the packages where apt isn't there or fails.
    """
    missing = sorted({package for program, package in TOOLS.items() if shutil.which(program) is None})
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise LabError(f"missing: {', '.join(missing)}; install them by this system's package manager")
    print(f"Installing {', '.join(missing)} by apt")
    command = f"apt-get update -qq && apt-get install -qq --no-install-recommends {' '.join(missing)}"
    run("env", "DEBIAN_FRONTEND=noninteractive", "sh", "-c", command, seconds=600)


def base_folder() -> Path:
    """Where the base of this recipe lies: another recipe is another base."""
    recipe = SEED.read_bytes() + " ".join((SUITE, *PACKAGES)).encode()
    return CACHE / f"base-{hashlib.sha256(recipe).hexdigest()[:12]}"


def make_base() -> Path:
    """The base, made where it is missing (half a minute of work); bases of other recipes go."""
    base = base_folder()
    if base.is_dir():
        return base
    CACHE.mkdir(parents=True, exist_ok=True)
    for old in CACHE.iterdir():
        shutil.rmtree(old)
    print("Making the hosts' base system, once: about half a minute")
    half = base.with_suffix(".half")
    run(
        "mmdebstrap",
        "--quiet",
        "--skip=cleanup/apt/lists",
        "--variant=minbase",
        f"--include={','.join(PACKAGES)}",
        f'--customize-hook={SEED} "$1"',
        SUITE,
        half,
        seconds=900,
    )
    half.rename(base)
    return base
