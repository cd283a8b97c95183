"""fab deploy, rollback and contract: which release an environment runs."""

import re

from fabric import Connection

from ops.continuous import deploy_tag
from ops.inventory import read_hosts
from ops.playbook_runs import PlaybookFailed, make_command, run_playbook
from ops.verbs.terminal import TO, VerbError, verb

LIMIT = {"limit": "only these hosts, or groups: '!web2' leaves one out that is lost"}
RELEASE = re.compile(r"[0-9][0-9A-Za-z.+]*-[0-9]{8}T[0-9]{6}Z(-dirty)?")
VERBOSE = {"verbose": "all that Ansible says, also of what is right already"}


@verb(
    help=LIMIT
    | VERBOSE
    | {
        "to": "the environment, a folder of ops/inventories; else the lab, with --auto production",
        "auto": "a tag: build it, prove it on staging by the smoke test, then deploy it by canary",
        "staging": "the environment where --auto proves it; staging where none is named",
        "release": "a release by its name (python -m ops.releases list), the very files that staging ran",
        "ref": "a commit or tag to build, in place of this checkout",
        "dirty": "build this checkout with its changes that aren't committed",
        "plan": "say what would happen, and change nothing",
    }
)
def deploy(
    _context: Connection,
    to: str = "",
    auto: str | None = None,
    staging: str = "",
    release: str = "",
    ref: str = "",
    limit: str = "",
    dirty: bool = False,  # noqa: FBT001, FBT002 - fabric makes it --dirty
    plan: bool = False,  # noqa: FBT001, FBT002 - fabric makes it --plan
    verbose: bool = False,  # noqa: FBT001, FBT002 - fabric makes it --verbose
) -> None:
    """Let a release take over, behind a canary; one that is worse takes itself back."""
    if sum(map(bool, (release, ref, dirty))) > 1:
        raise VerbError(
            "--release names one that is built, --ref a commit to build, --dirty builds what lies here: "
            "give one of them"
        )
    # Also where it is empty, as a variable may be that nobody set.
    if auto is not None:
        _refuse_beside_auto(release=release, ref=ref, limit=limit, dirty=dirty, plan=plan)
        deploy_tag(auto, staging or "staging", to or "production", verbose=verbose)
        return
    _check_release(release)
    if staging:
        raise VerbError("--staging is where --auto TAG proves the release: give both")
    extra = f"release={release}" if release else f"ref={ref}" if ref else ""
    extra = "release_from_work_tree=true" if dirty else extra
    _run("deploy", to or "lab", limit=limit, extra=extra, tags="plan" if plan else "", verbose=verbose)


@verb(
    help=TO
    | LIMIT
    | VERBOSE
    | {"release": "the release to go back to; the good one before where none is named"}
)
def rollback(
    _context: Connection,
    to: str = "lab",
    release: str = "",
    limit: str = "",
    verbose: bool = False,  # noqa: FBT001, FBT002 - fabric makes it --verbose
) -> None:
    """Go back to the release that was good before, never to one that failed."""
    _check_release(release)
    _run("rollback", to, limit=limit, extra=f"release={release}" if release else "", verbose=verbose)


@verb(help=TO | VERBOSE)
def contract(
    _context: Connection,
    to: str = "lab",
    verbose: bool = False,  # noqa: FBT001, FBT002 - fabric makes it --verbose
) -> None:
    """Take out of the schema what only former releases used; nobody goes back to those."""
    _run("contract", to, verbose=verbose)


def _check_release(name: str) -> None:
    """Tell before anything is asked of a host that something is no name, such as a tag."""
    if name and not RELEASE.fullmatch(name):
        raise VerbError(
            f"{name!r} is no release's name, such as 1.2.0-20261121T184638Z: revisions.log on a host lists "
            "those that ran there, python -m ops.releases list those that were built here"
        )


def _refuse_beside_auto(**options: str | bool) -> None:
    """A tag is the release, and goes to all hosts of both environments."""
    given = " and ".join(f"--{name}" for name, value in options.items() if value)
    if given:
        raise VerbError(f"--auto TAG builds the tag's release and takes all hosts: leave out {given}")


def _run(name: str, to: str, *, verbose: bool, limit: str = "", extra: str = "", tags: str = "") -> None:
    # Says in one line what Ansible would say in many: no such environment, no vault password.
    read_hosts(to)
    try:
        run_playbook(make_command(name, to, limit=limit, extra=extra, tags=tags), verbose=verbose)
    except PlaybookFailed as error:
        raise PlaybookFailed(f"{error}. What runs now: fab status --to {to}") from error
