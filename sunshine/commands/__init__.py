"""Click's groups, one file per topic. Modules import what is slow inside their commands.

about.py         version, completion
assets.py        assets: list, assign, return, audit
attendance.py    the month's figures
audit.py         checks of the audit trail
backup.py        create, list, verify, restore, prune
cms.py           content
config.py        the settings and their sources
context.py       shared by commands: settings, work on a database in the operator's name
dates.py         options that take dates
db.py            create, migrate and inspect the databases
demo.py          a made-up company for trials
demo_content.py  what it publishes
demo_people.py   who works there
doctor.py        problems and their fixes
events.py        the audit trail
files.py         stored files and their integrity
fleet.py         drivers and vehicles
holidays.py      a year's holidays from public data
jobs.py          periodic jobs, and running one by hand
lazy.py          the root: imports a group on use, turns errors into exit codes
leave.py         balances
lookup.py        finds the employee, asset or partner that an argument names
mitra.py         partners and their documents
output.py        data on stdout, messages on stderr, exit codes
rooms.py         meeting rooms
sales.py         reports on sales
tickets.py       the help desk
token.py         issue and revoke tokens
users.py         accounts
vouchers.py      create and list vouchers
"""
