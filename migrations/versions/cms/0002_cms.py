"""Posts with their addresses and revisions, ads, pages, vacancies, drop points."""

from alembic import op

revision = "0002"
down_revision = "0001"

# Words as they are written, in any language, whatever their accents: a generated column may name a
# configuration, but not call unaccent().
WORDS = """
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE TEXT SEARCH CONFIGURATION words (COPY = pg_catalog.simple);
ALTER TEXT SEARCH CONFIGURATION words
    ALTER MAPPING FOR word, hword, hword_part, numword, numhword WITH unaccent, simple;
"""

BLOG = """
CREATE TABLE blog (
    id serial PRIMARY KEY,
    title text NOT NULL,
    slug text NOT NULL,
    content text NOT NULL,
    excerpt text,
    featured_image text,
    categories text[] NOT NULL DEFAULT '{}',
    tags text[] NOT NULL DEFAULT '{}',
    status text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'published')),
    publish_at timestamptz,
    unpublish_at timestamptz,
    published_at timestamptz,
    revision integer NOT NULL DEFAULT 1,
    author_id integer,
    author_name text,
    words tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('words', title), 'A')
        || setweight(to_tsvector('words', coalesce(excerpt, '')), 'B')
        || setweight(to_tsvector('words', content), 'C')
    ) STORED,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    CONSTRAINT blog_window_check CHECK (unpublish_at > publish_at),
    CONSTRAINT blog_published_check CHECK (status = 'draft' OR published_at IS NOT NULL)
);
CREATE INDEX blog_words_idx ON blog USING gin (words);
CREATE INDEX blog_categories_idx ON blog USING gin (categories);
CREATE INDEX blog_tags_idx ON blog USING gin (tags);
CREATE INDEX blog_public_idx ON blog (published_at DESC, id)
    WHERE status = 'published' AND deleted_at IS NULL;
CREATE INDEX blog_all_idx ON blog (published_at DESC, id) WHERE deleted_at IS NULL;
CREATE INDEX blog_publish_at_idx ON blog (publish_at);
CREATE INDEX blog_unpublish_at_idx ON blog (unpublish_at);
CREATE INDEX blog_author_idx ON blog (author_id) WHERE deleted_at IS NULL;
COMMENT ON COLUMN blog.slug IS 'the present one; unique by blog_slug';
COMMENT ON COLUMN blog.content IS 'HTML, sanitised';
COMMENT ON COLUMN blog.publish_at IS 'not seen before';
COMMENT ON COLUMN blog.unpublish_at IS 'not seen from then on';
COMMENT ON COLUMN blog.published_at IS 'first seen; once that is past it stays';
COMMENT ON COLUMN blog.author_id IS 'an employee of the sunshine database';
COMMENT ON COLUMN blog.author_name IS 'when the author was set: a byline';

CREATE TABLE blog_slug (
    slug text PRIMARY KEY,
    blog_id integer NOT NULL REFERENCES blog (id)
);
CREATE INDEX blog_slug_blog_id_idx ON blog_slug (blog_id);
COMMENT ON TABLE blog_slug IS 'Every address that a living post has or had.';

CREATE TABLE blog_revision (
    blog_id integer NOT NULL REFERENCES blog (id),
    revision integer NOT NULL,
    title text NOT NULL,
    content text NOT NULL,
    excerpt text,
    featured_image text,
    categories text[] NOT NULL,
    tags text[] NOT NULL,
    by text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (blog_id, revision)
);
COMMENT ON TABLE blog_revision IS 'What each save of a post said; only ever added to.';
COMMENT ON COLUMN blog_revision.by IS 'who saved it';
"""

OTHERS = """
CREATE TABLE ad (
    id serial PRIMARY KEY,
    title text NOT NULL,
    image text,
    link text,
    placement text NOT NULL CHECK (placement IN ('homepage_banner', 'sidebar', 'popup')),
    start_date date NOT NULL,
    end_date date,
    active boolean NOT NULL DEFAULT false,
    author_id integer,
    author_name text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    CONSTRAINT ad_window_check CHECK (end_date >= start_date)
);
COMMENT ON COLUMN ad.end_date IS 'inclusive; null for no end';

CREATE TABLE training (
    id serial PRIMARY KEY,
    title text NOT NULL,
    content text,
    category text,
    files text[] NOT NULL DEFAULT '{}',
    status text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'published')),
    author_id integer,
    author_name text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
COMMENT ON COLUMN training.content IS 'HTML, sanitised';

CREATE TABLE career (
    id serial PRIMARY KEY,
    title text NOT NULL,
    content text NOT NULL,
    image text,
    status text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'published')),
    author_id integer,
    author_name text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
COMMENT ON COLUMN career.content IS 'HTML, sanitised';

CREATE TABLE vacancy (
    id serial PRIMARY KEY,
    title text NOT NULL,
    department text,
    location text,
    type text NOT NULL CHECK (type IN ('full-time', 'part-time', 'contract')),
    description text NOT NULL,
    requirements text[] NOT NULL DEFAULT '{}',
    salary text,
    closing_date date,
    status text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'open', 'closed')),
    author_id integer,
    author_name text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
COMMENT ON COLUMN vacancy.description IS 'HTML, sanitised';
COMMENT ON COLUMN vacancy.closing_date IS 'inclusive; null while it stays open';

CREATE TABLE department_page (
    id serial PRIMARY KEY,
    name text NOT NULL,
    content text,
    logo text,
    department_id integer,
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
COMMENT ON COLUMN department_page.content IS 'HTML, sanitised';
COMMENT ON COLUMN department_page.department_id IS 'of the sunshine database';

CREATE TABLE drop_point (
    id serial PRIMARY KEY,
    name text NOT NULL,
    address text NOT NULL,
    latitude double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    phone text,
    opening_hours jsonb,
    services text[] NOT NULL DEFAULT '{}',
    timezone text,
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE INDEX drop_point_place_idx ON drop_point (latitude, longitude) WHERE deleted_at IS NULL;
COMMENT ON COLUMN drop_point.opening_hours IS
    '{"mon": [["08:00", "17:00"]], ...}; null: not known';
COMMENT ON COLUMN drop_point.timezone IS 'null: the business''';
"""
SIGNED = ("ad", "training", "career", "vacancy")


def upgrade() -> None:
    for statements in (WORDS, BLOG, OTHERS):
        op.execute(statements)
    for table in SIGNED:
        op.execute(f"COMMENT ON COLUMN {table}.author_id IS 'an employee of the sunshine database'")
        op.execute(f"COMMENT ON COLUMN {table}.author_name IS 'when the author was set: a byline'")


def downgrade() -> None:
    op.execute("DROP TABLE drop_point, department_page, vacancy, career, training, ad")
    op.execute("DROP TABLE blog_revision, blog_slug, blog")
    op.execute("DROP TEXT SEARCH CONFIGURATION words")
