const db = require("../models");

const { sequelize } = db;
const { Op } = db.Sequelize;

const EARTH_RADIUS = 6371008.8;
const RADIANS = Math.PI / 180;

const distance = (from, to) => {
  const halfUp = Math.sin(((to.latitude - from.latitude) * RADIANS) / 2) ** 2;
  const halfAside = Math.sin(((to.longitude - from.longitude) * RADIANS) / 2) ** 2;
  const square =
    halfUp + Math.cos(from.latitude * RADIANS) * Math.cos(to.latitude * RADIANS) * halfAside;
  return 2 * EARTH_RADIUS * Math.asin(Math.sqrt(Math.min(1, square)));
};

const valid = (day) => ({
  validFrom: { [Op.lte]: day },
  validTo: { [Op.or]: [null, { [Op.gte]: day }] },
});

// The employee with the shift and the places of a day: what the rules ask for, in one query.
const find = (id, day, transaction) =>
  db.employee.findByPk(id, {
    attributes: ["id", "name", "status"],
    include: [
      {
        model: db.employeeShift,
        as: "shifts",
        attributes: ["id"],
        where: valid(day),
        required: false,
        include: [
          { model: db.shift, attributes: ["id", "name", "startTime", "graceMinutes"] },
        ],
      },
      {
        model: db.placement,
        as: "placements",
        attributes: ["id"],
        where: valid(day),
        required: false,
        include: [
          {
            model: db.location,
            attributes: ["id", "name", "latitude", "longitude", "radiusMeters"],
            where: { active: true },
            required: false,
          },
        ],
      },
    ],
    transaction,
  });

const nearest = (position, places) =>
  places
    .map((place) => ({ place, metres: distance(position, place) }))
    .sort((one, other) => one.metres - other.metres)[0];

const isLate = (at, day, shift) =>
  shift != null && at > Date.parse(`${day}T${shift.startTime}Z`) + shift.graceMinutes * 60000;

const present = (record, employee, shift, location) => ({
  id: record.id,
  employeeId: record.employeeId,
  employee: employee.name,
  workDate: record.workDate,
  status: record.status,
  late: record.late,
  earlyLeave: false,
  workedMinutes: null,
  overtimeMinutes: null,
  shiftId: record.shiftId ?? null,
  shift: shift?.name ?? null,
  leaveId: null,
  checkIn: record.checkInAt,
  checkInRecordedAt: record.checkInRecordedAt,
  checkInLocation:
    record.checkInLatitude == null
      ? null
      : { latitude: record.checkInLatitude, longitude: record.checkInLongitude },
  checkInPhoto: record.checkInPhoto ?? null,
  locationId: record.checkInLocationId ?? null,
  location: location?.name ?? null,
  distance: record.checkInDistance ?? null,
  withinGeofence: record.withinGeofence ?? null,
  checkOut: null,
  checkOutRecordedAt: null,
  checkOutLocation: null,
  checkOutPhoto: null,
  autoCheckOut: false,
  review: record.review,
  reviewReasons: record.reviewReasons,
  notes: record.notes ?? null,
  createdAt: record.createdAt,
  updatedAt: record.updatedAt,
});

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const store = async (body, user, transaction) => {
  const now = new Date();
  const at = body.timestamp ? new Date(body.timestamp) : now;
  const day = at.toISOString().slice(0, 10);
  const employee = await find(body.employeeId, day, transaction);
  if (!employee) throw new Refused(404, "Employee not found");
  if (employee.status !== "active") throw new Refused(409, "Employee is not active");
  const open = await db.attendance.findOne({
    where: { employeeId: employee.id, checkInAt: { [Op.ne]: null }, checkOutAt: null },
    transaction,
  });
  if (open) throw new Refused(409, "Already checked in");
  const shift = employee.shifts[0]?.shift;
  const places = employee.placements.map((placement) => placement.location).filter(Boolean);
  const found = body.location && nearest(body.location, places);
  const within = found ? found.metres <= found.place.radiusMeters : null;
  const record = await db.attendance.create(
    {
      employeeId: employee.id,
      workDate: day,
      status: "present",
      shiftId: shift?.id,
      late: isLate(at, day, shift),
      checkInAt: at,
      checkInRecordedAt: now,
      checkInLatitude: body.location?.latitude,
      checkInLongitude: body.location?.longitude,
      checkInLocationId: found?.place.id,
      checkInDistance: found && Math.round(found.metres * 10) / 10,
      withinGeofence: within,
      review: within === false,
      reviewReasons: within === false ? ["outside"] : [],
      notes: body.notes,
    },
    { transaction },
  );
  const data = present(record, employee, shift, found?.place);
  await db.auditEvent.create(
    {
      type: "attendance_checked_in", entity: "attendance", entityId: record.id,
      actorType: "user", actorId: user.id, actorName: user.username, after: data,
    },
    { transaction },
  );
  return data;
};

exports.checkIn = async (req, res) => {
  const data = await sequelize.transaction((tx) => store(req.valid.body, req.user, tx));
  res.status(201).json({ success: true, data, message: "Checked in" });
};
