"""Backups: the four databases, the files, and a manifest that says what must come back.

manifest.py    what is in one
repository.py  the folder they are kept in
create.py      making one
content.py     what a database holds
documents.py   what MongoDB holds
files.py       the files of DIR/static
writer.py      a part as it is written
restore.py     putting it back, or trying to (`verify`)
staging.py     what is restored into
swap.py        how that takes the place of what is in use
outcomes.py    tries that failed, and backups that were verified
watch.py       how all of it is doing

Why it is so: docs/decisions/0021-backups.md.
"""
