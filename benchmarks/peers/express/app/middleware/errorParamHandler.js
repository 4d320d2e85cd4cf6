module.exports = (error, req, res, next) => {
  if (res.headersSent) return next(error);
  const status = error.status || 500;
  if (status === 500) console.error(error);
  const message = status === 500 ? "Internal server error" : error.message;
  res.status(status).json({ success: false, message });
};
