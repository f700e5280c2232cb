// Loaded with --import before a program: its connections to some ports of this machine go to others, by
// FLEET_REROUTE (`{"<port>": <other port>}`). So one process is cut from an address that others still reach.
import net from "node:net";

const routes = JSON.parse(process.env.FLEET_REROUTE ?? "{}");
const connect = net.Socket.prototype.connect;

net.Socket.prototype.connect = function (...values) {
  // `net.connect` hands over its arguments as one list that it has put in order; others give the options.
  const [options] = Array.isArray(values[0]) ? values[0] : values;
  const other = routes[options?.port];
  if (other !== undefined) options.port = other;
  return connect.apply(this, values);
};
