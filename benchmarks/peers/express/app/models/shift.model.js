module.exports = (sequelize, Sequelize) =>
  sequelize.define(
    "shift",
    {
      id: { type: Sequelize.INTEGER, primaryKey: true, autoIncrement: true },
      name: { type: Sequelize.TEXT, allowNull: false },
      startTime: { type: Sequelize.TIME, allowNull: false },
      endTime: { type: Sequelize.TIME, allowNull: false },
      graceMinutes: { type: Sequelize.INTEGER, allowNull: false, defaultValue: 0 },
      breakMinutes: { type: Sequelize.INTEGER, allowNull: false, defaultValue: 0 },
    },
    { timestamps: true, paranoid: true, underscored: true, tableName: "shift" },
  );
