"""Uploads, stored files, and finding the row that names a file."""

from alembic import op

revision = "0009"
down_revision = "0008"

FILES = """
CREATE TABLE upload (
    id serial PRIMARY KEY,
    name text NOT NULL UNIQUE,
    user_id integer NOT NULL REFERENCES users (id),
    ready boolean NOT NULL DEFAULT false,
    size bigint NOT NULL CHECK (size >= 0),
    sha256 text,
    created_at timestamptz NOT NULL,
    sending_until timestamptz,
    CONSTRAINT upload_ready_check CHECK (ready = (sha256 IS NOT NULL))
);
CREATE INDEX upload_user_id_idx ON upload (user_id);
CREATE INDEX upload_created_at_idx ON upload (created_at);
COMMENT ON TABLE upload IS
    'One row per file in temp; gone when it was fetched, or moved to where it stays.';
COMMENT ON COLUMN upload.name IS 'who knows it may fetch the file';
COMMENT ON COLUMN upload.ready IS 'is all there';
COMMENT ON COLUMN upload.size IS 'bytes; the most it may have until ready';
COMMENT ON COLUMN upload.sending_until IS 'being fetched, at most until then';

CREATE TABLE stored_file (
    path text PRIMARY KEY,
    size bigint NOT NULL,
    sha256 text NOT NULL,
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE stored_file IS 'What each file in static was when it was kept.';
COMMENT ON COLUMN stored_file.path IS 'below static';
"""

NAMED = """
CREATE INDEX ticket_attachments_idx ON ticket USING gin (attachments);
CREATE INDEX leave_documents_idx ON leave USING gin (documents);
CREATE INDEX branding_revision_files_idx ON branding_revision USING gin (files);
CREATE INDEX employee_photo_idx ON employee (photo) WHERE photo IS NOT NULL;
CREATE INDEX attendance_check_in_photo_idx ON attendance (check_in_photo)
    WHERE check_in_photo IS NOT NULL;
CREATE INDEX attendance_check_out_photo_idx ON attendance (check_out_photo)
    WHERE check_out_photo IS NOT NULL;
ALTER TABLE voucher ADD COLUMN image text;
"""

AWAY = """
ALTER TABLE voucher DROP COLUMN image;
DROP INDEX attendance_check_out_photo_idx, attendance_check_in_photo_idx, employee_photo_idx,
    branding_revision_files_idx, leave_documents_idx, ticket_attachments_idx;
DROP TABLE stored_file, upload;
"""


def upgrade() -> None:
    op.execute(FILES)
    op.execute(NAMED)


def downgrade() -> None:
    op.execute(AWAY)
