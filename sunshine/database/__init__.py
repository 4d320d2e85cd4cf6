"""PostgreSQL: four databases, their schema, their events.

database.py        reads and transactions by database name
connections.py     connection parameters and health checks
statements.py      SQLAlchemy Core statements, compiled once
pages.py           one page of a list, its total and its order
distances.py       metres between two points
records.py         find, list, create, change and delete rows of one plain table
event_log.py       delivers the events of a database in order, none lost
invalidation.py    makes every process drop its cached principals
startup.py         starts the server and prepares the databases before anything uses them
migrations.py      creates and migrates the databases
schema_check.py    compares a database with models/
embedded.py        starts, joins and stops the embedded server
cluster.py         the embedded cluster's data folder, its operating system user, its binaries
embedded_watch.py  restarts the embedded server if it died
pgbouncer.py       detects a connection pooler and its pooling mode
pg_tools.py        runs pg_dump, pg_restore and psql
documents.py       storage of the fields of partners' documents
mongo.py           the same in MongoDB
"""
