"""Sales, freelancers, vouchers."""

from alembic import op

revision = "0007"
down_revision = "0006"

SALES = """
CREATE TABLE sale (
    id serial PRIMARY KEY,
    customer_id integer NOT NULL,
    sales_person_id integer NOT NULL REFERENCES employee (id),
    date date NOT NULL,
    total numeric(14, 2) NOT NULL CHECK (total >= 0),
    status text NOT NULL DEFAULT 'completed' CHECK (status IN ('completed', 'void')),
    notes text,
    void_reason text,
    voided_at timestamptz,
    voided_by text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    CONSTRAINT sale_void_check CHECK ((status = 'void') = (voided_at IS NOT NULL))
);
CREATE INDEX sale_date_idx ON sale (date, id);
CREATE INDEX sale_sales_person_id_idx ON sale (sales_person_id, date);
CREATE INDEX sale_customer_id_idx ON sale (customer_id, date);
COMMENT ON COLUMN sale.customer_id IS 'in the shop''s own system';

CREATE TABLE sale_item (
    sale_id integer NOT NULL REFERENCES sale (id),
    line smallint NOT NULL,
    product_id integer NOT NULL,
    quantity integer NOT NULL CHECK (quantity >= 1),
    price numeric(14, 2) NOT NULL CHECK (price >= 0),
    amount numeric(14, 2) GENERATED ALWAYS AS (quantity * price) STORED,
    PRIMARY KEY (sale_id, line)
);
COMMENT ON COLUMN sale_item.product_id IS 'in the shop''s own system';
COMMENT ON COLUMN sale_item.price IS 'of one';
"""

FREELANCE = """
CREATE TABLE freelancer (
    id serial PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL,
    skills text[] NOT NULL DEFAULT '{}',
    hourly_rate numeric(14, 2) CHECK (hourly_rate >= 0),
    portfolio text,
    phone text,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive')),
    notes text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE UNIQUE INDEX freelancer_email_key ON freelancer (lower(email)) WHERE deleted_at IS NULL;

CREATE TABLE freelance_project (
    id serial PRIMARY KEY,
    freelancer_id integer NOT NULL REFERENCES freelancer (id),
    project_name text NOT NULL,
    description text,
    deadline date,
    budget numeric(14, 2) CHECK (budget >= 0),
    budget_used numeric(14, 2) NOT NULL DEFAULT 0,
    status text NOT NULL DEFAULT 'planned'
        CHECK (status IN ('planned', 'active', 'done', 'cancelled')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    CONSTRAINT freelance_project_budget_used_check CHECK (budget_used BETWEEN 0 AND budget)
);
CREATE INDEX freelance_project_freelancer_id_idx ON freelance_project (freelancer_id);
"""

VOUCHERS = """
CREATE TABLE onapps_setting (
    id integer PRIMARY KEY CHECK (id = 1),
    settings jsonb NOT NULL,
    updated_at timestamptz NOT NULL
);
COMMENT ON TABLE onapps_setting IS 'One row.';

CREATE TABLE voucher (
    id serial PRIMARY KEY,
    code text NOT NULL CHECK (code = upper(code)),
    description text,
    discount_type text NOT NULL CHECK (discount_type IN ('percentage', 'fixed')),
    discount_value numeric(14, 2) NOT NULL,
    min_purchase numeric(14, 2) NOT NULL DEFAULT 0,
    max_discount numeric(14, 2),
    valid_from date,
    valid_until date,
    usage_limit integer,
    per_customer_limit integer,
    used integer NOT NULL DEFAULT 0,
    public boolean NOT NULL DEFAULT false,
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    CONSTRAINT voucher_discount_value_check CHECK (
        discount_value > 0 AND (discount_type = 'fixed' OR discount_value <= 100)
    ),
    CONSTRAINT voucher_window_check CHECK (valid_until >= valid_from),
    CONSTRAINT voucher_used_check CHECK (used BETWEEN 0 AND usage_limit)
);
CREATE UNIQUE INDEX voucher_code_key ON voucher (code) WHERE deleted_at IS NULL;
COMMENT ON COLUMN voucher.valid_from IS 'first day';
COMMENT ON COLUMN voucher.valid_until IS 'last day';
COMMENT ON COLUMN voucher.usage_limit IS 'null for any number';
COMMENT ON COLUMN voucher.per_customer_limit IS 'null for any number';

CREATE TABLE voucher_redemption (
    id serial PRIMARY KEY,
    voucher_id integer NOT NULL REFERENCES voucher (id),
    order_ref text NOT NULL,
    customer_id integer,
    order_amount numeric(14, 2) NOT NULL,
    discount numeric(14, 2) NOT NULL,
    final_amount numeric(14, 2) NOT NULL,
    redeemed_by text NOT NULL,
    redeemed_at timestamptz NOT NULL,
    released_at timestamptz,
    CONSTRAINT voucher_redemption_discount_check CHECK (discount BETWEEN 0 AND order_amount)
);
CREATE UNIQUE INDEX voucher_redemption_order_key
    ON voucher_redemption (voucher_id, order_ref) WHERE released_at IS NULL;
CREATE INDEX voucher_redemption_customer_idx ON voucher_redemption (voucher_id, customer_id);
COMMENT ON COLUMN voucher_redemption.customer_id IS 'in the shop''s own system';
COMMENT ON COLUMN voucher_redemption.released_at IS 'null while it counts';
"""


def upgrade() -> None:
    for tables in (SALES, FREELANCE, VOUCHERS):
        op.execute(tables)


def downgrade() -> None:
    op.execute("DROP TABLE voucher_redemption, voucher, onapps_setting")
    op.execute("DROP TABLE freelance_project, freelancer, sale_item, sale")
