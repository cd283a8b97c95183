"""A PostgreSQL as the hosts have it, for the tests of `fab queries`."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2

from devstack import postgres
from devstack.servers import Server, remove_folder, short_folder

PREFIX = "%m [%p] %q%u@%d %a "
#: What somebody typed.
SECRET = "swordfish"


@contextmanager
def run_cluster() -> Iterator[postgres.Cluster]:
    """With both libraries, a switch in its configuration, and a table."""
    folder = short_folder("mb-queries-")
    made = postgres.open_cluster(folder)
    postgres.prepare(made)
    with (made.data / "postgresql.conf").open("a") as file:
        file.write(f"include_if_exists = '{made.sockets / 'explain.conf'}'\n")
    options = {"shared_preload_libraries": "pg_stat_statements,auto_explain", "log_line_prefix": PREFIX}
    with (folder / "server.log").open("ab") as log:
        command = postgres.server_command(made, postgres.THROWAWAY | options)
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", start_new_session=True)
    with Server(process):
        postgres.wait_until_ready(made.superuser_url(), folder / "server.log")
        with postgres.autocommit_cursor(made.superuser_url()) as cursor:
            cursor.execute("CREATE EXTENSION pg_stat_statements")
            cursor.execute("CREATE TABLE posts (id bigint PRIMARY KEY, text text)")
            cursor.execute("INSERT INTO posts SELECT n, 'post ' || n FROM generate_series(1, 1000) n")
        yield made
    remove_folder(folder)


def connect(cluster: postgres.Cluster) -> Any:
    connection = psycopg2.connect(
        postgres.driver_url(cluster.superuser_url()), application_name="microblog web"
    )
    connection.autocommit = True
    return connection
