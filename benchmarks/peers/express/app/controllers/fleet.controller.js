const db = require("../models");

const { sequelizeFleet } = db;

const AHEAD = 5 * 60 * 1000;
const EARTH_RADIUS = 6371000;
const FASTEST = 300 / 3.6;
const RADIANS = Math.PI / 180;

const distance = (from, to) => {
  const halfUp = Math.sin(((to.latitude - from.latitude) * RADIANS) / 2) ** 2;
  const halfAside = Math.sin(((to.longitude - from.longitude) * RADIANS) / 2) ** 2;
  const square =
    halfUp + Math.cos(from.latitude * RADIANS) * Math.cos(to.latitude * RADIANS) * halfAside;
  return 2 * EARTH_RADIUS * Math.asin(Math.sqrt(Math.min(1, square)));
};

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

// The points in order, each with whether it was reached faster than anything drives.
const judged = (points, last, driverId, now) => {
  const rows = points
    .map(({ latitude, longitude, timestamp }) => ({
      driverId, at: new Date(timestamp), latitude, longitude, flagged: false, recordedAt: now,
    }))
    .sort((one, other) => one.at - other.at);
  let before = last;
  for (const row of rows) {
    if (row.at - now > AHEAD) throw new Refused(400, "Timestamp is in the future");
    if (row.latitude === 0 && row.longitude === 0) throw new Refused(400, "0/0 is no position");
    if (before && row.at <= before.at) continue;
    const seconds = before && (row.at - before.at) / 1000;
    row.flagged = before ? distance(before, row) > FASTEST * seconds + 100 : false;
    if (!row.flagged) before = row;
  }
  return rows;
};

const store = async (id, points, user, transaction) => {
  const now = new Date();
  const driver = await db.driver.findByPk(id, {
    attributes: ["id", "status"],
    include: [{ model: db.driverPosition, as: "position" }],
    transaction,
  });
  if (!driver) throw new Refused(404, "Driver not found");
  if (driver.status !== "active") throw new Refused(409, "Driver is not active");
  const rows = judged(points, driver.position, id, now);
  if (rows.length === 1) await db.driverLocation.create(rows[0], { transaction });
  else await db.driverLocation.bulkCreate(rows, { ignoreDuplicates: true, transaction });
  const newest = rows.filter((row) => !row.flagged).at(-1);
  const moved = newest != null && (!driver.position || newest.at > driver.position.at);
  if (moved) {
    const { flagged, ...position } = newest;
    await db.driverPosition.upsert(position, { transaction });
  }
  const data = {
    received: rows.length,
    kept: rows.length,
    flagged: rows.filter((row) => row.flagged).length,
    moved,
  };
  const { at, latitude, longitude } = rows.at(-1);
  await db.fleetEvent.create(
    {
      type: "driver_located", entity: "driver", entityId: id,
      actorType: "user", actorId: user.id, actorName: user.username,
      after: { ...data, last: { timestamp: at, latitude, longitude } },
    },
    { transaction },
  );
  return data;
};

exports.location = async (req, res) => {
  const points = [].concat(req.valid.body);
  const data = await sequelizeFleet.transaction((tx) =>
    store(req.valid.params.id, points, req.user, tx),
  );
  res.status(200).json({ success: true, data, message: "Location updated" });
};
