module.exports = (sequelize, Sequelize) =>
  sequelize.define(
    "meetingRoomBooking",
    {
      id: { type: Sequelize.INTEGER, primaryKey: true, autoIncrement: true },
      roomId: { type: Sequelize.INTEGER, allowNull: false },
      seriesId: Sequelize.INTEGER,
      organizerId: { type: Sequelize.INTEGER, allowNull: false },
      attendees: { type: Sequelize.ARRAY(Sequelize.INTEGER), allowNull: false, defaultValue: [] },
      title: { type: Sequelize.TEXT, allowNull: false },
      description: Sequelize.TEXT,
      startsAt: { type: Sequelize.DATE, allowNull: false },
      endsAt: { type: Sequelize.DATE, allowNull: false },
      status: { type: Sequelize.TEXT, allowNull: false, defaultValue: "booked" },
      checkedInAt: Sequelize.DATE,
    },
    { timestamps: true, underscored: true, tableName: "meeting_room_booking" },
  );
