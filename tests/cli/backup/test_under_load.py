"""A backup while others write: of one moment in each database. The long form: tests/system."""

import threading

import pytest

from sunshine.backups import files
from sunshine.database import migrations


@pytest.fixture
def names(new_names):
    return new_names


@pytest.mark.usefixtures("upgraded")
def test_it_is_of_one_moment(sunshine, place, tmp_path, monkeypatch):
    """Each transaction writes a row that names a file, and an event; both are there or neither."""
    done = threading.Event()
    written: list[str] = []
    root = place.directory / "static" / "things"
    root.mkdir(parents=True)

    def write():
        with migrations.connect(place.databases["sunshine"]) as connection:
            while not done.is_set():
                name = f"{len(written)}.jpg"
                (root / name).write_text(name)
                with connection.transaction():
                    connection.execute("INSERT INTO department (name) VALUES (%s)", (name,))
                    connection.execute(
                        "INSERT INTO event (at, type, entity, actor_type, actor_name)"
                        " VALUES (now(), 'made', 'department', 'system', %s)",
                        (name,),
                    )
                written.append(name)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        # The second look at the files comes when the dumps are done: let there be more by then.
        gather = files.Archive.gather

        def later(archive, advance):
            before = len(written)
            while len(written) < before + 20:
                done.wait(0.01)
            gather(archive, advance)

        monkeypatch.setattr(files.Archive, "gather", later)
        made = sunshine("backup", "create", "--to", str(tmp_path / "shelf"))
    finally:
        done.set()
        writer.join()
    assert made.returncode == 0, made.stderr
    (folder,) = (tmp_path / "shelf").glob("sunshine-*")
    assert sunshine("backup", "restore", str(folder), "--force").returncode == 0
    with migrations.connect(place.databases["sunshine"]) as connection:
        rows = [name for (name,) in connection.execute("SELECT name FROM department ORDER BY id")]
        events = connection.execute("SELECT actor_name FROM event WHERE type = 'made' ORDER BY id")
        assert [name for (name,) in events] == rows
    assert 20 <= len(rows) < len(written)
    assert {f"things/{name}" for name in rows} <= files.listed(folder).keys()
