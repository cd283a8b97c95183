"""Roles' templates as Ansible renders them, without a host."""

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ops.inventory import REPOSITORY

#: Of a host that the public reaches by IPv6 too.
FACTS = {"default_ipv6": {"address": "2001:db8::1"}}


def render(role: str, template: str, **values: object) -> str:
    """A role's template with `values`, and with those of the role's defaults that are no templates."""
    folder = REPOSITORY / "ops/roles" / role
    defaults = yaml.safe_load((folder / "defaults/main.yml").read_text(encoding="utf-8"))
    plain = {name: value for name, value in defaults.items() if "{{" not in str(value)}
    # As Ansible has it: these are no pages.
    environment = Environment(  # noqa: S701
        loader=FileSystemLoader(folder / "templates"), trim_blocks=True, undefined=StrictUndefined
    )
    known = {"ansible_managed": "Ansible", "ansible_facts": FACTS, **plain, **values}
    return environment.get_template(template).render(known)
