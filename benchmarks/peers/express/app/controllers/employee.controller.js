const { UniqueConstraintError } = require("sequelize");
const db = require("../models");

const { sequelize } = db;
const { fn, col, where } = db.Sequelize;

// An explicit list, as "fetch only needed fields" in the documentation asks.
const FIELDS = [
  "id", "name", "email", "employeeCode", "positionId", "departmentId", "managerId",
  "phone", "joinDate", "status", "photo", "timezone", "createdAt", "updatedAt",
];
const NAMES = [
  { model: db.position, as: "positionRow", attributes: ["name"], paranoid: false },
  { model: db.department, as: "departmentRow", attributes: ["name"], paranoid: false },
  { model: db.employee, as: "managerRow", attributes: ["name"], paranoid: false },
];

const present = (employee, position = employee.positionRow, department = employee.departmentRow) => ({
  id: employee.id,
  name: employee.name,
  email: employee.email ?? null,
  employeeCode: employee.employeeCode ?? null,
  position: position?.name ?? null,
  positionId: employee.positionId ?? null,
  department: department?.name ?? null,
  departmentId: employee.departmentId ?? null,
  manager: employee.managerRow?.name ?? null,
  managerId: employee.managerId ?? null,
  phone: employee.phone ?? null,
  joinDate: employee.joinDate ?? null,
  status: employee.status,
  photo: employee.photo ?? null,
  timezone: employee.timezone ?? null,
  createdAt: employee.createdAt,
  updatedAt: employee.updatedAt,
});

exports.list = async (req, res) => {
  const { page, limit } = req.valid.query;
  const { rows, count } = await db.employee.findAndCountAll({
    attributes: FIELDS,
    include: NAMES,
    order: [["id", "ASC"]],
    limit,
    offset: (page - 1) * limit,
  });
  res.status(200).json({
    success: true,
    data: rows.map((row) => present(row)),
    pagination: { page, perPage: limit, total: count, totalPages: Math.ceil(count / limit) },
  });
};

exports.get = async (req, res) => {
  const employee = await db.employee.findByPk(req.valid.params.id, {
    attributes: FIELDS,
    include: NAMES,
  });
  if (!employee) return res.status(404).json({ success: false, message: "Employee not found" });
  res.status(200).json({ success: true, data: present(employee) });
};

const named = async (model, name, transaction) => {
  if (!name) return null;
  const [row] = await model.findOrCreate({
    where: where(fn("lower", col("name")), name.toLowerCase()),
    defaults: { name },
    transaction,
  });
  return row;
};

const store = async ({ position, department, ...fields }, user, transaction) => {
  const positionRow = await named(db.position, position, transaction);
  const departmentRow = await named(db.department, department, transaction);
  const employee = await db.employee.create(
    { ...fields, positionId: positionRow?.id, departmentId: departmentRow?.id },
    { transaction },
  );
  const data = present(employee, positionRow, departmentRow);
  await db.auditEvent.create(
    {
      type: "employee_created", entity: "employee", entityId: employee.id,
      actorType: "user", actorId: user.id, actorName: user.username, after: data,
    },
    { transaction },
  );
  return data;
};

exports.create = async (req, res) => {
  try {
    const data = await sequelize.transaction((tx) => store(req.valid.body, req.user, tx));
    res.status(201).json({ success: true, data, message: "Employee created" });
  } catch (error) {
    if (!(error instanceof UniqueConstraintError)) throw error;
    res.status(409).json({ success: false, message: "Email is taken" });
  }
};
