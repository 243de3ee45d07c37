"""The private PostgreSQL: fresh databases, both ways in, nothing left behind, clear words when it is missing."""

import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.support import postgres as module
from tests.support.postgres import Cluster, PostgresFailed, PostgresMissing, postgres_cluster


def setting(dsn: str, name: str) -> object:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
        return row and row[0]


def test_each_test_gets_an_empty_database(postgres: Cluster) -> None:
    with postgres.database() as first, psycopg.connect(postgres.dsn(first)) as connection:
        connection.execute("CREATE TABLE t (n int)")
        connection.commit()
        with postgres.database() as second, psycopg.connect(postgres.dsn(second)) as other:
            assert other.execute("SELECT to_regclass('t')").fetchone() == (None,)


def test_a_template_is_copied(postgres: Cluster) -> None:
    with postgres.database() as template:
        with psycopg.connect(postgres.dsn(template)) as connection:
            connection.execute("CREATE TABLE t (n int)")
        with postgres.database(template=template) as name, psycopg.connect(postgres.dsn(name)) as other:
            assert other.execute("SELECT to_regclass('t')::text").fetchone() == ("t",)


def test_a_database_goes_although_somebody_is_connected(postgres: Cluster) -> None:
    name = postgres.create_database()
    with psycopg.connect(postgres.dsn(name)) as connection:
        postgres.drop_database(name)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


def test_the_loopback_port_asks_for_the_password(postgres: Cluster) -> None:
    assert setting(postgres.dsn(over_tcp=True), "server_encoding") == "UTF8"
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(postgres.dsn(over_tcp=True).replace(postgres.password, "guessed"))


def test_only_a_durable_cluster_syncs(postgres: Cluster) -> None:
    assert setting(postgres.dsn(), "fsync") == "off"
    with postgres_cluster(durable=True) as durable:
        assert setting(durable.dsn(), "fsync") == "on"
        assert setting(durable.dsn(), "synchronous_commit") == "on"


def test_nothing_is_left_behind() -> None:
    with postgres_cluster() as cluster:
        directory, process = cluster.directory, cluster.process
        assert process.poll() is None
    assert process.returncode is not None
    assert not directory.exists()


def test_the_server_ends_when_its_session_is_killed() -> None:
    program = (
        "from tests.support.postgres import start; c = start(); print(c.process.pid, c.directory, flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as session:
        assert session.stdout is not None
        server, directory = session.stdout.readline().split()
        with os.fdopen(os.pidfd_open(int(server)), "rb", buffering=0) as watch:
            session.send_signal(signal.SIGKILL)
            assert select.select([watch], [], [], 20)[0]
    shutil.rmtree(directory)


def test_a_missing_postgresql_is_told_by_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Path, "glob", lambda *_: iter(()))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PostgresMissing, match="tools/bootstrap.sh test"):
        module.start()


def test_a_server_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FORGETFUL", {"no_such_setting": "on"})
    with pytest.raises(PostgresFailed, match="no_such_setting"):
        module.start()
