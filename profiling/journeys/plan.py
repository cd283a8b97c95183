"""What the load's process is told: a file, since it holds passwords."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

#: The variable that names the file.
VARIABLE = "MICROBLOG_LOAD_PLAN"


@dataclass(frozen=True)
class Account:
    """Somebody who can log in; `token`: an access token of theirs, where there is one."""

    name: str
    password: str = field(repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class Plan:
    """How people act, whatever Locust itself is told.

    `authority`: the file (PEM) of the certificates to trust instead of the machine's own; `address`: an IP
    address to connect to, whatever the name leads to; `think`: by how much pauses are longer or shorter;
    `is_rehearsal`: each person does everything once, without a pause, and goes; `result`: where what was seen
    is written.
    """

    result: str = ""
    accounts: Sequence[Account] = ()
    authority: str = ""
    address: str = ""
    think: float = 1.0
    is_rehearsal: bool = False
    progress_seconds: float = 5.0

    def write(self, path: Path) -> None:
        """Write it, into a folder for nobody else's eyes."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")


def read_plan() -> Plan:
    """The plan that the environment names. Raises `RuntimeError` where there is none."""
    path = os.environ.get(VARIABLE)
    if path is None:
        raise RuntimeError("there is no plan: start this by `python -m profiling load`")
    values = json.loads(Path(path).read_text(encoding="utf-8"))
    return Plan(**{**values, "accounts": [Account(**one) for one in values["accounts"]]})


def read_accounts(path: Path) -> list[Account]:
    """Accounts of a file: a line for each with name, space, password; after a tab an access token, if any.

    Raises `ValueError` with the first line that is something else.
    """
    accounts = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, rest = line.strip().partition(" ")
        password, _, token = rest.partition("\t")
        if not password.strip():
            # Not the line itself: it may hold a password.
            raise ValueError(f"{path}, line {number}: write NAME PASSWORD, and after a tab a TOKEN, if any")
        accounts.append(Account(name, password.strip(), token.strip()))
    if not accounts:
        raise ValueError(f"{path} names nobody: write a line NAME PASSWORD for each account")
    return accounts
