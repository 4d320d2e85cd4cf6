"""From where each driver signed in, and when its failures were forgiven."""

from alembic import op

revision = "0003"
down_revision = "0002"

SIGN_INS = """
ALTER TABLE driver ADD COLUMN unlocked_at timestamptz;
COMMENT ON COLUMN driver.unlocked_at IS 'failed sign-ins before it do not count';

CREATE TABLE known_network (
    account_id integer NOT NULL REFERENCES driver (id),
    network text NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, network)
);
CREATE INDEX known_network_last_at_idx ON known_network (last_at);
COMMENT ON TABLE known_network IS 'From where a driver signed in, the latest of them.';
COMMENT ON COLUMN known_network.network IS 'an IPv4 address, or the /64 of an IPv6 address';
"""

AWAY = """
DROP TABLE known_network;
ALTER TABLE driver DROP COLUMN unlocked_at;
"""


def upgrade() -> None:
    op.execute(SIGN_INS)


def downgrade() -> None:
    op.execute(AWAY)
