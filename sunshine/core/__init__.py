"""The foundation of every other package; imports nothing else of ours.

settings.py           the configuration of one process, as a frozen object
environment.py        reads and checks the environment and .env
variables.py          every environment variable: type, default, meaning
policy.py             the company's own decisions, as the rules read them
errors.py             the errors a request can end in, in business terms
principals.py         the caller, and the roles and permissions that apply to them
fields.py             the field types that payload schemas are built from
shapes.py             the shapes of responses, built from the same field types
validation.py         strict Cerberus
json.py               strict JSON decoding, fast JSON encoding
clock.py              the current time, injected
database_settings.py  the location and connection options of each database
unsafe_settings.py    settings that production refuses, and settings that log a warning
firebase.py           the service account for push messages
screening.py          rejects unknown keys and oversized values before a validator sees them
characters.py         the characters a text may contain, and how to escape the others
disk_space.py         whether there is enough free space to write
command_name.py       the name by which the command line was started
systemd.py            notifications to systemd
"""
