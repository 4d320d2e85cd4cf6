"""Backups: the four databases, the files, and a manifest that says what a restore must result in.

manifest.py    the manifest of a backup
repository.py  the folder that holds the backups
create.py      creates a backup
content.py     checksums of a database's content
documents.py   the documents in MongoDB
files.py       the files of DIR/static
writer.py      writes one part of a backup
restore.py     restores a backup, or tries to (`verify`)
staging.py     the databases a backup is restored into
swap.py        replaces the databases in use
outcomes.py    records failures and verifications
watch.py       the state of the backups

Reasons: docs/decisions/0021-backups.md.
"""
