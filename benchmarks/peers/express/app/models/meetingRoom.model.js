module.exports = (sequelize, Sequelize) =>
  sequelize.define(
    "meetingRoom",
    {
      id: { type: Sequelize.INTEGER, primaryKey: true, autoIncrement: true },
      name: { type: Sequelize.TEXT, allowNull: false },
      capacity: { type: Sequelize.INTEGER, allowNull: false },
      opensAt: Sequelize.TIME,
      closesAt: Sequelize.TIME,
      active: { type: Sequelize.BOOLEAN, allowNull: false, defaultValue: true },
    },
    { timestamps: true, paranoid: true, underscored: true, tableName: "meeting_room" },
  );
