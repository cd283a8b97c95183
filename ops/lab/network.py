"""The lab's network: a bridge, the way out for package downloads, and the cables that drills cut."""

from pathlib import Path

from ops.lab.commands import run
from ops.lab.layout import BRIDGE, CONTROLLER, STATE, Host

FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
SAVED_FORWARDING = STATE / "ip_forward"
#: The table of the way out, and the one of the cut pairs; both are the lab's alone.
NAT_TABLE = "microblog_lab"
CUTS_TABLE = "microblog_lab_cuts"

RULES = f"""
table ip {NAT_TABLE} {{
  chain postrouting {{
    type nat hook postrouting priority srcnat;
    ip saddr {CONTROLLER.network} oifname != "{BRIDGE}" masquerade
  }}
}}
table bridge {CUTS_TABLE} {{
  set pairs {{ type ifname . ifname; }}
  chain forward {{
    type filter hook forward priority filter;
    iifname . oifname @pairs drop
  }}
}}
"""


def make_network() -> None:
    """The bridge, the controller's address on it, forwarding and masquerading; what is there stays."""
    if not Path("/sys/class/net", BRIDGE).exists():
        run("ip", "link", "add", BRIDGE, "type", "bridge")
        run("ip", "address", "add", str(CONTROLLER), "dev", BRIDGE)
    run("ip", "link", "set", BRIDGE, "up")
    if not SAVED_FORWARDING.exists():
        SAVED_FORWARDING.write_text(FORWARDING.read_text())
    FORWARDING.write_text("1\n")
    if NAT_TABLE not in run("nft", "list", "tables"):
        run("nft", "-f", "-", stdin=RULES)


def remove_network() -> None:
    """Undo `make_network`; what isn't there is no error."""
    for family, table in (("ip", NAT_TABLE), ("bridge", CUTS_TABLE)):
        run("nft", "delete", "table", family, table, check=False)
    run("ip", "link", "delete", BRIDGE, check=False)
    if SAVED_FORWARDING.exists():
        FORWARDING.write_text(SAVED_FORWARDING.read_text())
        SAVED_FORWARDING.unlink()


def cut_cable(host: Host) -> None:
    """Pull the host's cable: nobody reaches it, nor it anybody."""
    run("ip", "link", "set", host.link, "down")


def join_cable(host: Host) -> None:
    """Plug the host's cable in again, and mend every pair that it is part of."""
    run("ip", "link", "set", host.link, "up")
    for pair in list_cuts():
        if host.link in pair:
            run("nft", "delete", "element", "bridge", CUTS_TABLE, "pairs", _element(*pair))


def cut_pair(one: Host, other: Host) -> None:
    """Let two hosts lose each other and nobody else, both ways and silently."""
    for first, second in ((one, other), (other, one)):
        run("nft", "add", "element", "bridge", CUTS_TABLE, "pairs", _element(first.link, second.link))


def join_pair(one: Host, other: Host) -> None:
    """Let two hosts reach each other again; no error where they do."""
    for first, second in ((one, other), (other, one)):
        element = _element(first.link, second.link)
        run("nft", "delete", "element", "bridge", CUTS_TABLE, "pairs", element, check=False)


def list_cuts() -> list[tuple[str, str]]:
    """The links of the pairs that are cut, each way for itself."""
    listing = run("nft", "list", "set", "bridge", CUTS_TABLE, "pairs", check=False)
    if "elements" not in listing:
        return []
    inside = listing.split("elements = {")[1].split("}")[0].replace('"', "")
    pairs = (element.split(" . ") for element in inside.split(","))
    return [(first.strip(), second.strip()) for first, second in pairs]


def is_cable_cut(host: Host) -> bool:
    """Whether the host's cable is pulled."""
    flags = Path("/sys/class/net", host.link, "flags")
    return flags.exists() and not int(flags.read_text(), 16) & 1


def _element(first: str, second: str) -> str:
    return f'{{ "{first}" . "{second}" }}'
