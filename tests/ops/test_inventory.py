import pytest

from ops.inventory import Host, InventoryError, explain_failure, inventory_path, parse_inventory, read_hosts

LISTING = {
    "_meta": {
        "hostvars": {
            "web1": {
                "ansible_host": "192.0.2.21",
                "ansible_user": "ada",
                "ansible_port": 2222,
                "ansible_ssh_private_key_file": "/keys/id",
                "ansible_ssh_common_args": "-o 'UserKnownHostsFile=/a b'",
            },
            "db1": {},
        }
    },
    "all": {"children": ["ungrouped", "web", "database"]},
    "web": {"hosts": ["web1"]},
    "database": {"hosts": ["db1", "web1"]},
}


def test_hosts_know_their_groups() -> None:
    hosts = parse_inventory(LISTING)

    assert {name: host.groups for name, host in hosts.items()} == {
        "web1": ("web", "database"),
        "db1": ("database",),
    }


def test_ssh_connects_as_ansible_does() -> None:
    words = parse_inventory(LISTING)["web1"].ssh_command()

    assert words[-1] == "ada@192.0.2.21"
    assert "UserKnownHostsFile=/a b" in words
    assert words[words.index("-i") + 1] == "/keys/id"
    assert words[words.index("-p") + 1] == "2222"


def test_a_host_without_an_address_is_its_name() -> None:
    assert Host("db1", (), {}).ssh_command()[-1] == "db1"


def test_an_unknown_environment_is_named_with_those_that_are() -> None:
    with pytest.raises(
        InventoryError, match=r"there is no environment 'mars' in .*; there are .*lab.*; fab env"
    ):
        inventory_path("mars")


def test_an_unknown_host_is_named_with_those_that_are() -> None:
    with pytest.raises(InventoryError, match=r"lab has no host 'mars'; it has .*web1"):
        read_hosts("lab", "web1,mars")


def test_the_lab_is_read_through_ansible() -> None:
    workers = read_hosts("lab", group="worker")

    assert [host.name for host in workers] == ["worker1", "worker2"]
    assert workers[0].address == "10.77.0.31"


def test_a_template_is_refused_by_name() -> None:
    with pytest.raises(InventoryError, match="db1: ansible_user is a template"):
        Host("db1", (), {"ansible_user": "{{ somebody }}"}).ssh_command()


def test_a_person_at_the_terminal_can_be_asked() -> None:
    assert "BatchMode=yes" in Host("db1", (), {}).ssh_command()
    assert "BatchMode=yes" not in Host("db1", (), {}).ssh_command(terminal=True)


def test_what_ansible_says_becomes_one_line() -> None:
    wrong = explain_failure("lab", "[ERROR]: Decryption failed (no vault secrets were found).\nOrigin: x\n")
    other = explain_failure("lab", "[ERROR]: YAML parsing failed.\nOrigin: hosts.yml:3\n")

    assert "does not open the vault of lab" in wrong
    assert other == "lab can't be read: [ERROR]: YAML parsing failed. Origin: hosts.yml:3"
