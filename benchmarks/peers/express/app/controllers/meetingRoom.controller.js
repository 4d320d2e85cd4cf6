const db = require("../models");

const { sequelize } = db;
const { Op } = db.Sequelize;

const present = (booking, room, organizer, body) => ({
  id: booking.id,
  roomId: booking.roomId,
  room: room.name,
  title: booking.title,
  date: body.date,
  startTime: body.startTime,
  endTime: body.endTime,
  startsAt: booking.startsAt,
  endsAt: booking.endsAt,
  organizer: organizer.id,
  organizerName: organizer.name,
  attendees: booking.attendees,
  description: booking.description ?? null,
  seriesId: null,
  status: booking.status,
  checkedInAt: null,
  createdAt: booking.createdAt,
  updatedAt: booking.updatedAt,
  warnings: [],
});

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const organizerOf = async (user, transaction) => {
  const account = await db.user.findByPk(user.id, { attributes: ["employeeId"], transaction });
  const employee =
    account?.employeeId &&
    (await db.employee.findByPk(account.employeeId, { attributes: ["id", "name"], transaction }));
  if (!employee) throw new Refused(403, "Access denied");
  return employee;
};

// Checks first and inserts afterwards, as it is usually written: two at once both find it free.
const store = async (body, user, transaction) => {
  const attendees = body.attendees ?? [];
  const startsAt = new Date(`${body.date}T${body.startTime}Z`);
  const endsAt = new Date(`${body.date}T${body.endTime}Z`);
  if (endsAt <= startsAt) throw new Refused(400, "endTime must be after startTime");
  const organizer = await organizerOf(user, transaction);
  const room = await db.meetingRoom.findByPk(body.roomId, {
    attributes: ["id", "name", "capacity", "opensAt", "closesAt", "active"],
    transaction,
  });
  if (!room) throw new Refused(400, "roomId does not exist");
  if (!room.active) throw new Refused(409, "The room is out of use");
  if (room.opensAt && body.startTime < room.opensAt.slice(0, 5))
    throw new Refused(400, "The room is not open yet");
  if (room.closesAt && body.endTime > room.closesAt.slice(0, 5))
    throw new Refused(400, "The room is closed by then");
  if (new Set([...attendees, organizer.id]).size > room.capacity)
    throw new Refused(400, "The room is too small");
  const known = await db.employee.count({
    where: { id: attendees, status: "active" },
    transaction,
  });
  if (known !== attendees.length) throw new Refused(400, "An attendee does not exist");
  const taken = await db.meetingRoomBooking.findOne({
    attributes: ["id"],
    where: {
      roomId: room.id,
      status: "booked",
      startsAt: { [Op.lt]: endsAt },
      endsAt: { [Op.gt]: startsAt },
    },
    transaction,
  });
  if (taken) throw new Refused(409, "The room is taken at that time");
  const booking = await db.meetingRoomBooking.create(
    {
      roomId: room.id,
      organizerId: organizer.id,
      attendees,
      title: body.title,
      description: body.description,
      startsAt,
      endsAt,
    },
    { transaction },
  );
  const data = present(booking, room, organizer, body);
  await db.auditEvent.create(
    {
      type: "meeting_room_booked", entity: "meeting_room_booking", entityId: booking.id,
      actorType: "user", actorId: user.id, actorName: user.username, after: data,
    },
    { transaction },
  );
  return data;
};

exports.book = async (req, res) => {
  const data = await sequelize.transaction((tx) => store(req.valid.body, req.user, tx));
  res.status(201).json({ success: true, data, message: "Meeting room booked" });
};
