-- What a run was like, as JSON: the runner reads it. Times in microseconds.
function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '{"requests": %d, "duration": %d, "refused": %d, "broken": %d, "median": %.1f}\n',
    summary.requests, summary.duration, e.status,
    e.connect + e.read + e.write + e.timeout, latency:percentile(50)))
end
