"""Maintenance: the jobs and the backups; and services that are used only if configured."""

import asyncio
import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from psycopg.errors import UndefinedTable

from sunshine.backups import watch
from sunshine.core import clock
from sunshine.core.errors import Unavailable
from sunshine.core.settings import Settings
from sunshine.database.database import Databases
from sunshine.doctor import Finding
from sunshine.doctor.postgres import reached
from sunshine.files.backends import storage_of
from sunshine.jobs.runner import Job, JobState, Runner
from sunshine.modules import registry

OVERDUE = timedelta(minutes=5)  # they are checked twice a minute, one after the other
BACKUP_AGE = timedelta(hours=26)  # one a night, plus its duration
PATIENCE = 1.5  # seconds for a service that may be down


def jobs(settings: Settings) -> Iterator[Finding]:
    """Check for jobs that failed and jobs that nobody ran."""
    now = clock.now()
    with reached(settings) as connection:
        if connection is None:
            return
    with suppress(Unavailable, UndefinedTable):  # which the database's own check reports
        due = registry.jobs(storage_of(settings))
        rows = asyncio.run(_standings(settings, due))
        # Not `nextDue` alone: it is the latest missed hour, which may have just begun.
        missed = {job.name: job.schedule.latest(now - OVERDUE, settings.business_tz) for job in due}
        failed = [
            (row["name"], run["error"])
            for row in rows
            if (run := row["lastRun"]) and run["status"] == "failed"
        ]
        overdue = [
            row
            for row in rows
            if (last := row["lastRun"])
            and (row["nextDue"] < now - OVERDUE or last["dueAt"] < missed[row["name"]])
        ]
        for name, error in failed:
            found = f"{name} failed: {error}".splitlines()[0]
            yield Finding("jobs", "WARN", found, f"sunshine jobs run {name}")
        for row in overdue:
            found = f"{row['name']} is due since {row['nextDue']:%Y-%m-%d %H:%M} UTC"
            yield Finding("jobs", "WARN", found, "start a server with JOBS_ENABLED=true")
        if not failed and not overdue:
            yield Finding("jobs", "OK", f"{len(rows)} jobs, none failed, none overdue")


async def _standings(settings: Settings, due: Iterable[Job]) -> list[JobState]:
    few = {
        name: replace(database, pool_min=0, pool_max=1, pool_wait=PATIENCE)
        for name, database in settings.databases.items()
    }
    databases = Databases(replace(settings, databases=few), clock.now)
    await databases.open()
    try:
        return await Runner(databases, due, clock.now, settings.business_tz).states()
    finally:
        await databases.close()


def backups(settings: Settings) -> Iterator[Finding]:
    """Check that there is a good backup of today or yesterday."""
    place = settings.backup_dir
    if place is None:
        state, mend = ("WARN", "set BACKUP_DIR") if settings.production else ("OK", "")
        yield Finding("backups", state, "BACKUP_DIR is not set: nothing to look at", mend)  # type: ignore[arg-type]
        return
    mend = f"sunshine backup create --to {place}"
    standing = watch.standing(place)
    newest, proof = standing.newest, standing.proof
    if standing.trouble:
        yield Finding("backups", "WARN", standing.trouble, mend)
    elif newest is None:
        yield Finding("backups", "WARN", f"there is none in {place}", mend)
    elif (age := clock.now() - newest.created) > BACKUP_AGE:
        found = f"the last good one is {age.days} days and {age.seconds // 3600} hours old"
        yield Finding("backups", "WARN", found, mend)
    else:
        yield Finding("backups", "OK", f"{newest.name} is the newest of {standing.kept}")
    if standing.failing and standing.failure:
        found = f"failed at {standing.failure.at:%Y-%m-%d %H:%M} UTC: {standing.failure.reason}"
        yield Finding("backups", "WARN", found, mend)
    if proof and not proof.good:
        found = f"{proof.name} did not come back as it was, when it was verified"
        yield Finding("backups", "WARN", found, f"sunshine backup verify {place / proof.name}")


def mongo(settings: Settings) -> Iterator[Finding]:
    """Check that MongoDB is reachable, if it stores partners' documents."""
    if settings.mongo_mitra:
        try:
            asyncio.run(_ping(settings.mongo_mitra))
        except Unavailable:
            found = "MongoDB does not answer, or does not let us in"
            mend = "systemctl status mongod, on its machine; mind MONGO_MITRA"
            yield Finding("mongo", "FAIL", found, mend)
        else:
            yield Finding("mongo", "OK", "MongoDB answers")


async def _ping(address: str) -> None:
    from sunshine.database import mongo

    async with mongo.opened(address) as documents:
        await documents.ping()


def redis(settings: Settings) -> Iterator[Finding]:
    """Check that Redis is reachable, if it counts rate limits."""
    if settings.rate_limit_storage != "memory":
        mend = "systemctl status redis, on its machine; mind RATE_LIMIT_STORAGE"
        address = urlsplit(settings.rate_limit_storage)  # which contains a password
        where = (address.hostname or "localhost", address.port or 6379)
        try:
            socket.create_connection(where, PATIENCE).close()
        except OSError as error:
            found = f"{where[0]}:{where[1]} cannot be reached: {error.strerror or error}"
            yield Finding("redis", "FAIL", found, mend)
        else:
            yield Finding("redis", "OK", f"{where[0]}:{where[1]} answers")


def bucket(settings: Settings) -> Iterator[Finding]:
    """Check that the bucket, if there is one, works: write, list, read and remove a file as the
    server does."""
    if not settings.storage_url:
        return
    from sunshine.files import s3

    if trouble := asyncio.run(s3.S3Storage.configured(settings).trouble()):
        yield Finding("bucket", "FAIL", f"{settings.storage_url}: {trouble.found}", trouble.mend)
    else:
        yield Finding("bucket", "OK", f"{settings.storage_url} takes files and gives them back")


CHECKS = (jobs, backups, mongo, redis, bucket)
