module.exports = (sequelize, Sequelize) =>
  sequelize.define(
    "auditEvent",
    {
      id: { type: Sequelize.BIGINT, primaryKey: true, autoIncrement: true },
      at: { type: Sequelize.DATE, allowNull: false, defaultValue: Sequelize.NOW },
      type: { type: Sequelize.TEXT, allowNull: false },
      entity: { type: Sequelize.TEXT, allowNull: false },
      entityId: Sequelize.INTEGER,
      actorType: { type: Sequelize.TEXT, allowNull: false },
      actorId: Sequelize.INTEGER,
      actorName: { type: Sequelize.TEXT, allowNull: false },
      requestId: Sequelize.TEXT,
      before: Sequelize.JSONB,
      after: Sequelize.JSONB,
    },
    { timestamps: false, underscored: true, tableName: "event" },
  );
