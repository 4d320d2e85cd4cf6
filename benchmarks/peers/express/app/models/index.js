const Sequelize = require("sequelize");

const sequelize = new Sequelize(process.env.PG_SUNSHINE_DB, process.env.PG_SUNSHINE_USER, null, {
  host: process.env.PG_SUNSHINE_HOST,
  port: Number(process.env.PG_SUNSHINE_PORT),
  dialect: "postgres",
  logging: false,
  pool: {
    max: Number(process.env.PG_SUNSHINE_MAX_POOL),
    min: Number(process.env.PG_SUNSHINE_MIN_POOL),
    acquire: 30000,
    idle: 10000,
  },
});

const db = { Sequelize, sequelize };
const NAMES = [
  "department", "position", "employee", "shift", "employeeShift", "location", "placement",
  "attendance", "auditEvent",
  "user", "meetingRoom", "meetingRoomBooking",
];
for (const name of NAMES) {
  db[name] = require(`./${name}.model`)(sequelize, Sequelize);
}

db.employee.belongsTo(db.position, { as: "positionRow", foreignKey: "positionId" });
db.employee.belongsTo(db.department, { as: "departmentRow", foreignKey: "departmentId" });
db.employee.belongsTo(db.employee, { as: "managerRow", foreignKey: "managerId" });
db.employee.hasMany(db.employeeShift, { as: "shifts", foreignKey: "employeeId" });
db.employeeShift.belongsTo(db.shift, { foreignKey: "shiftId" });
db.employee.hasMany(db.placement, { as: "placements", foreignKey: "employeeId" });
db.placement.belongsTo(db.location, { foreignKey: "locationId" });

module.exports = db;
