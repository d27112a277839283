/** Who speaks, and which request an answer belongs to: only when packets are seen for the first time, in their order. */
export const connections = String.raw`
-- By both ports, each a list; and what was made of each frame, for when it is dissected again.
local connections, frames, learned = {}, {}, {}

local function port_key(pinfo)
  local a, b = pinfo.src_port, pinfo.dst_port
  if a > b then a, b = b, a end
  return a * 65536 + b
end

local function new_connection(pinfo, to_server)
  local connection = {
    requests = { tail = 0 },
    responses = { tail = 0 },
    waiting = {},
    queue = {},
    oldest = 1,
    newest = 0,
    sent = 0,
    answered = 0,
  }
  if to_server then
    connection.client, connection.client_port = pinfo.src, pinfo.src_port
    connection.server, connection.server_port = pinfo.dst, pinfo.dst_port
  else
    connection.client, connection.client_port = pinfo.dst, pinfo.dst_port
    connection.server, connection.server_port = pinfo.src, pinfo.src_port
  end
  return connection
end

-- Keeps a connection, in place of one between the same ends.
local function keep(connection, pinfo)
  local key = port_key(pinfo)
  local list = connections[key]
  if not list then
    list = {}
    connections[key] = list
  end
  for k = 1, #list do
    local other = list[k]
    if other.client_port == connection.client_port and other.client == connection.client and other.server == connection.server then
      list[k] = connection
      return
    end
  end
  list[#list + 1] = connection
end

-- The connection of a packet, and whether it goes to the server.
local function find_connection(pinfo)
  local list = connections[port_key(pinfo)]
  if not list then return nil end
  local from, to, from_port = pinfo.src, pinfo.dst, pinfo.src_port
  for k = 1, #list do
    local connection = list[k]
    if connection.client_port == from_port and connection.client == from and connection.server == to then
      return connection, true
    end
    if connection.server_port == from_port and connection.server == from and connection.client == to then
      return connection, false
    end
  end
  return nil
end

-- Servers that a handshake was seen with, beyond those whose port says it.
local function learn(connection)
  local list = learned[connection.server_port]
  if not list then
    list = {}
    learned[connection.server_port] = list
  end
  for k = 1, #list do
    if list[k] == connection.server then return end
  end
  list[#list + 1] = connection.server
end

local function is_learned(address, port)
  local list = learned[port]
  if not list then return false end
  for k = 1, #list do
    if list[k] == address then return true end
  end
  return false
end

local function add_waiting(connection, request)
  local first = connection.waiting[request.xid]
  if first then
    (first.last or first).following = request
    first.last = request
  else
    connection.waiting[request.xid] = request
  end
  connection.newest = connection.newest + 1
  connection.queue[connection.newest] = request
end

-- The oldest request with this xid, which waits no more.
local function take(connection, xid)
  local request = connection.waiting[xid]
  if not request then return nil end
  local following = request.following
  if following then following.last = following ~= request.last and request.last or nil end
  connection.waiting[xid] = following
  request.following, request.last, request.done = nil, nil, true
  local queue, oldest = connection.queue, connection.oldest
  while queue[oldest] and queue[oldest].done do
    queue[oldest] = nil
    oldest = oldest + 1
  end
  connection.oldest = oldest
  return request
end

-- All with this xid, of which any may be meant: the newest if they asked for the same.
local function take_all(connection, xid)
  local newest = take(connection, xid)
  local same = true
  local following = take(connection, xid)
  while following do
    if following.opcode ~= newest.opcode then same = false end
    newest = following
    following = take(connection, xid)
  end
  return same and newest or nil
end

-- Bytes of one direction are missing: what was sent before may have been answered in them, or be followed by lost requests.
local function note_loss(connection, to_server)
  if to_server then connection.requests_lost_at = connection.sent
  else connection.responses_lost_at = connection.sent end
end

-- Answers come in the order of the requests: pings that were overtaken were answered in bytes that are not in the capture.
local function drop_overtaken(connection)
  local first = connection.waiting[K.PING_XID]
  while first and first.number < connection.answered do
    take(connection, K.PING_XID)
    first = connection.waiting[K.PING_XID]
  end
end

-- The request that an answer belongs to: of several with its xid the oldest. Second, whether another may be meant.
local function match(connection, message, at, stop)
  local xid = message.xid
  if xid == K.PING_XID then drop_overtaken(connection) end
  local lost, unsent = connection.responses_lost_at, connection.requests_lost_at
  local first = connection.waiting[xid]
  if not first then return nil end
  local ambiguous = lost and first.following ~= nil
  local request
  if ambiguous then request = take_all(connection, xid) else request = take(connection, xid) end
  if not request then return nil end
  if lost and unsent and request.number <= lost and request.number <= unsent then return nil end
  if (lost or unsent) and message.err == 0 and not message.cut and request.operation
    and record_evidence(request.operation.response, at, stop, stop - at + 1) == NO then
    return nil
  end
  -- What authenticates is answered at once, before what was asked earlier.
  if request.opcode ~= K.SASL and request.opcode ~= K.AUTH and request.number > connection.answered then
    connection.answered = request.number
  end
  return request, ambiguous
end
`;
