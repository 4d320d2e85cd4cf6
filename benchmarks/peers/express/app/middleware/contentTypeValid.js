module.exports = (type) => (req, res, next) => {
  if (req.is(type)) return next();
  res.status(415).json({ success: false, message: `Content-Type must be ${type}` });
};
