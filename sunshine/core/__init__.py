"""What everything stands on; imports nothing else of ours.

settings.py           the configuration of one process as a frozen object
environment.py        the environment and .env, read and checked
variables.py          every variable: type, default, meaning
policy.py             what the company decided in its settings, as rules ask for it
errors.py             what can go wrong, in business words
principals.py         who asks, and what they may: roles and permissions
fields.py             the kinds of field that payloads are made of
shapes.py             the shapes of answers, made of the same kinds
validation.py         strict Cerberus
json.py               strict JSON in, fast JSON out
clock.py              the time, injected
database_settings.py  where each database is and how it is reached
unsafe_settings.py    what production refuses, and what anybody is warned of
firebase.py           the service account that push messages will be sent by
screening.py          what is refused by set difference and length, before a validator sees it
characters.py         which characters a text may hold, and how others are shown
disk_space.py         whether there is room for what is written
command_name.py       how the command line was called
systemd.py            what systemd is told
"""
