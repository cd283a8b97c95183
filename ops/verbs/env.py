"""fab env.*: environments."""

from fabric import Connection

from ops import environments
from ops.verbs.terminal import verb


@verb(positional=["name"], help={"name": "the new environment's name, such as production"})
def new(_context: Connection, name: str) -> None:
    """Make an inventory with fresh secrets, ready to take your hosts."""
    folder = environments.new_environment(name)
    main = folder / "group_vars" / "all" / "main.yml"
    print(f"Made {folder}")
    if environments.PLACEHOLDER in main.read_text(encoding="utf-8"):
        print(f"No public key in ~/.ssh: make one (ssh-keygen -t ed25519) and put its line into {main}")
    else:
        print(f"Its operator is {environments.caller_name()}, with the public keys of ~/.ssh")
    print("Next: put your hosts into hosts.yml, the site's names into group_vars/all/main.yml,")
    print(f"the mail server into the vault (ansible-vault edit {environments.vault_file(name)}),")
    print(f"then: fab provision --to {name}")
    print(f"If the hosts' image lets only root in, before it: fab operators --to {name} --user root")
