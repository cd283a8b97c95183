"""fab env.*: environments."""

from fabric import Connection

from ops import environments
from ops.verbs.terminal import verb


@verb(positional=["name"], help={"name": "the new environment's name, such as production"})
def new(_context: Connection, name: str) -> None:
    """Make an inventory with fresh secrets, ready to take your hosts."""
    folder = environments.new_environment(name)
    print(f"Made {folder}")
    print("Next: put your hosts into hosts.yml, your names into group_vars/all/main.yml,")
    print(f"the mail server into the vault (ansible-vault edit {environments.vault_file(name)}),")
    print(f"then: fab provision --to {name}")
