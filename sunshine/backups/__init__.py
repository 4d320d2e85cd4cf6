"""Backups: the four databases, the files, and a manifest that says what must come back.

manifest.py  what is in one          repository.py      the folder they are kept in
create.py    making one              restore.py    putting it back, or trying to (`verify`)
content.py   what a database holds   files.py      the files of DIR/static
staging.py   what is restored into   swap.py   how that takes the place of what is in use
writer.py    a part as it is written documents.py  what MongoDB holds
outcomes.py    tries that failed       watch.py      how all of it is doing

Why it is so: docs/decisions/0021-backups.md.
"""
