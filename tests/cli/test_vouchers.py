"""`sunshine vouchers`: making and listing them."""

import json


def listed(sunshine, *arguments):
    done = sunshine("vouchers", "list", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_creates_one(sunshine):
    terms = ("--percent", "20", "--until", "2030-12-31", "--min-purchase", "100", "--limit", "5")
    done = sunshine("vouchers", "create", "save20", *terms)
    assert done.returncode == 0, done.stderr
    [row] = listed(sunshine)
    assert (row["code"], row["discountType"], row["discountValue"]) == ("SAVE20", "percentage", 20)
    assert (row["validUntil"], row["minPurchase"], row["usageLimit"]) == ("2030-12-31", 100, 5)
    again = sunshine("vouchers", "create", "SAVE20", "--fixed", "3")
    assert again.returncode == 1
    assert "exists already" in again.stderr


def test_it_generates_many_for_single_use(sunshine):
    done = sunshine("vouchers", "generate", "--count", "50", "--prefix", "X-", "--fixed", "2.5")
    assert done.returncode == 0, done.stderr
    codes = done.stdout.split()
    assert len(set(codes)) == 50
    rows = listed(sunshine)
    assert {row["code"] for row in rows} == set(codes)
    assert {(row["usageLimit"], row["discountValue"]) for row in rows} == {(1, 2.5)}


def test_it_wants_one_kind_of_discount(sunshine):
    for terms in ((), ("--percent", "5", "--fixed", "5")):
        assert sunshine("vouchers", "create", "X", *terms).returncode == 2
    assert sunshine("vouchers", "create", "X", "--percent", "101").returncode == 2
    assert listed(sunshine) == []
