"""The provisioned lab as tests see it: its hosts, secrets, mails and visitors."""

import subprocess
from dataclasses import dataclass

from devstack.mailbox import MailFolder
from microblog.cli.visiting import Place, Visitor
from ops.inventory import Host, ask_hosts
from tests.lab.runs import Run


@dataclass
class Site:
    """The provisioned lab: the runs that made it, its hosts, and its mails."""

    bare_check: Run | None
    first: Run | None
    hosts: dict[str, Host]
    mails: MailFolder

    @property
    def authority(self) -> str:
        """The certificate (PEM) of the environment's own authority."""
        return self.secret("tls_ca_certificate")

    def secret(self, name: str) -> str:
        """A secret of the environment: its listing shows templates as such."""
        return str(self.hosts["lb1"].variables[f"vault_{name}"])

    def visitor(self, address: str = "") -> Visitor:
        """A new visitor, at the edge unless another address is given."""
        domain = str(self.hosts["lb1"].variables["microblog_domain"])
        place = Place(
            f"https://{domain}", address=address or self.hosts["lb1"].address, authority=self.authority
        )
        return Visitor(place)

    def sudo(self, host: str, command: str, *, seconds: int = 120) -> str:
        """What a shell command says on a host, as root; it has to succeed within the seconds."""
        (answer,) = ask_hosts([self.hosts[host]], f"sudo sh -c {_quote(command)}", seconds=seconds)
        assert not answer.failed, f"{host}: {command}: {answer.output}"
        return answer.output

    def grep(self, host: Host, command: str, patterns: str) -> int:
        """In how many lines of what a command says, as root, one of the fixed patterns stands."""
        # By standard input: as arguments the patterns would be in the process list themselves.
        script = f"cat > /run/patterns; {{ {command}; }} | grep -aFc -f /run/patterns; rm /run/patterns"
        done = subprocess.run(
            [*host.ssh_command(), f"sudo sh -c {_quote(script)}"],
            input=patterns,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.stdout.strip().isdigit(), f"{host.name}: {done.stderr}"
        return int(done.stdout)


def _quote(command: str) -> str:
    return "'" + command.replace("'", "'\"'\"'") + "'"
