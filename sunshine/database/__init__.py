"""PostgreSQL: four databases, their schema, their events.

database.py        reads and transactions by database name
connections.py     how a database is reached
statements.py      SQLAlchemy Core, compiled once
pages.py           one page of a list, its total and its order
distances.py       metres between two points
records.py         find, list, create, change and delete over one plain table
event_log.py       the events of a database, in order, none lost
invalidation.py    has every process drop what it cached of people
startup.py         brings server and databases up before anything uses them
migrations.py      makes and migrates the databases
schema_check.py    compares a database with models/
embedded.py        starts, joins and stops the embedded server
cluster.py         where its data lives, and as whom it runs
embedded_watch.py  starts the embedded server again when it died
pgbouncer.py       whether a pooler stands before a database, and by session
pg_tools.py        pg_dump and its like
documents.py       where the fields of partners' documents are
mongo.py           the same in MongoDB
"""
