/** Cuts payload into messages: what is found is kept by frame and shown by `messages.ts`, then and ever after. */
export const cut = String.raw`
-- Seconds of Wireshark as whole nanoseconds and seconds between two frames, never negative.
local function between(from, to)
  local nanoseconds = floor((to - from) * 1000000000 + 0.5)
  if nanoseconds < 0 then nanoseconds = 0 end
  local seconds = floor(nanoseconds / 1000000000)
  return { seconds, nanoseconds - seconds * 1000000000 }
end

local function session_at(at)
  if int(at) == 0 and int(at + 4) == 0 then return nil end
  return B(at - 1, 8):uint64()
end

-- A request: what its answer will need of it.
local function note_request(connection, message, at, stop, pinfo)
  local request = { frame = pinfo.number, time = pinfo.rel_ts, number = connection.sent + 1 }
  connection.sent = request.number
  message.request = request
  if message.kind == "connect" then
    request.operation, request.opcode, request.name = CONNECT, 0, "connect"
    connection.connecting = request
    if stop - at >= 23 then connection.session = session_at(at + 16) or connection.session end
    message.session = connection.session
    return
  end
  local xid, opcode = int(at), int(at + 4)
  local operation = BY_CODE[opcode]
  request.xid, request.opcode, request.operation = xid, opcode, operation
  request.name = operation and operation.name or format("unknown(%d)", opcode)
  if operation and operation.request.path and stop - at >= 11 then
    local length = int(at + 8)
    if length > 0 and at + 11 + length <= stop then request.path = B(at + 11, length):string(ENC_UTF_8) end
  end
  add_waiting(connection, request)
end

local function answers(message, request, pinfo)
  message.request = request
  if not request then return end
  request.answer = pinfo.number
  message.latency = between(request.time, pinfo.rel_ts)
end

-- The request that a ConnectResponse in the middle of a connection answers: answers come in order, so only the oldest.
local function creating(connection)
  local oldest = connection.queue[connection.oldest]
  return oldest and oldest.opcode == K.CREATE_SESSION and not connection.waiting[0] and oldest
end

-- An answer or a notification: which request it belongs to.
local function note_response(connection, message, at, stop, length, pinfo)
  local is_handshake = is_connect_response(at, length)
  if message.cut then is_handshake = int(at) == 0 and length >= K.leastResponse and length <= K.mostResponse end
  if is_handshake then
    local request = connection.connecting
    if not request and creating(connection) then request = take(connection, creating(connection).xid) end
    if request or not connection.seen_response then
      connection.connecting = nil
      message.kind = "connected"
      answers(message, request, pinfo)
      if stop - at >= 15 then connection.session = session_at(at + 8) or connection.session end
      message.session = connection.session
      return
    end
  end
  message.xid, message.err = int(at), int(at + 12)
  local high, low = half(at + 4), half(at + 8)
  if high < 2147483648 and high + low > 0 then connection.zxid = high * 4294967296 + low end
  if message.xid == K.NOTIFICATION_XID then
    message.kind = "notification"
    return
  end
  local request, ambiguous = match(connection, message, at + 16, stop)
  answers(message, request, pinfo)
  if ambiguous then message.latency = nil end
end

-- Adds a message that stands at a position, of which bytes up to stop were captured. False for too few to say anything.
local function add_message(found, connection, to_server, at, stop, length, pinfo)
  local whole = stop - at + 1 == 4 + length
  if stop - at + 1 < (to_server and 12 or 20) then
    found[#found + 1] = { kind = "skipped", at = at, stop = stop }
    return
  end
  local message = { at = at, stop = stop, cut = not whole or nil, session = connection.session }
  if to_server then
    message.kind = "request"
    if not connection.seen_request
      and (is_connect_request(at + 4, length) or (not whole and int(at + 4) == 0 and length <= K.mostRequest)) then
      message.kind = "connect"
    end
    note_request(connection, message, at + 4, stop, pinfo)
    connection.seen_request = true
  else
    message.kind = "response"
    note_response(connection, message, at + 4, stop, length, pinfo)
    connection.seen_response = true
  end
  connection.seen = true
  found[#found + 1] = message
end

local function evidence_at(connection, to_server, at, stop)
  if to_server then return request_evidence(at, stop) end
  return response_evidence(connection, at, stop)
end

-- The next position from which on messages are plausible, and whether more bytes are needed to say so.
local function search(connection, to_server, from, stop)
  local at = from
  while true do
    -- No message is so long that the first byte of its length is not 0.
    at = find(S, "\0", at, true)
    if not at then return nil end
    local found = evidence_at(connection, to_server, at, stop)
    if found == STRONG then return at, false end
    if found == MORE then return at, true end
    if found == WEAK then
      local following = at + 4 + int(at)
      if at == 1 or following == stop + 1 then return at, false end
      if following <= stop - 19 and evidence_at(connection, to_server, following, stop) ~= NO then return at, false end
    end
    at = at + 1
  end
end

-- The first message of a segment, where nothing tells that all before it was captured: is it one? Second, whether more
-- bytes are needed to say so.
local function plausible(connection, to_server, at, stop, size, side)
  local found = evidence_at(connection, to_server, at, stop)
  if found >= WEAK then return true end
  local length = int(at)
  local left = size - at + 1
  local handshake = false
  if to_server and not connection.seen_request then
    handshake = length >= K.leastRequest and length <= K.mostRequest
  elseif not to_server and (connection.connecting or not connection.seen_response or creating(connection)) then
    handshake = length >= K.leastResponse and length <= K.mostResponse
  end
  if handshake and (stop - at < 7 or int(at + 4) == 0) then return true end
  if found == MORE then return side.aligned, not side.aligned end
  if not side.aligned then return false end
  return left == 4 + length or side.wanted == 4 + length
end

-- What a segment, or what was put together of several, holds; nil if nothing in it is ZooKeeper's.
local function cut(connection, to_server, pinfo)
  local size, stop = B:reported_len(), #S
  local side = to_server and connection.requests or connection.responses
  local can = pinfo.can_desegment > 0 and size == stop
  local found = { size = size, to_server = to_server }
  local at = 1
  if connection.word then
    local kind = to_server and "skipped" or "answer"
    found[1] = { kind = kind, at = 1, stop = stop, request = connection.word }
    if kind == "answer" then
      found[1].latency = between(connection.word.time, pinfo.rel_ts)
      connection.word.answer = pinfo.number
    end
    return found
  end
  if side.tail > 0 then
    local passed = side.tail < size and side.tail or size
    side.tail = side.tail - passed
    found[1] = { kind = "tail", at = 1, stop = passed < stop and passed or stop }
    at = 1 + passed
  end
  local first = at
  while at <= size do
    local left = size - at + 1
    if stop - at < 3 then
      if can and (side.aligned or byte(S, at) == 0) then
        found.offset, found.want = at - 1, DESEGMENT_ONE_MORE_SEGMENT
      else
        if at == 1 and not side.aligned then return nil end
        side.aligned = false
        found[#found + 1] = { kind = "skipped", at = at, stop = stop }
      end
      break
    end
    local length = int(at)
    local good, unsure = length >= 8 and length <= K.MAX_LENGTH, false
    if good and (at == first or not side.aligned) then
      good, unsure = plausible(connection, to_server, at, stop, size, side)
    end
    if unsure and can then
      found.offset, found.want = at - 1, DESEGMENT_ONE_MORE_SEGMENT
      break
    elseif not good then
      if side.aligned then note_loss(connection, to_server) end
      side.aligned = false
      local boundary, more = search(connection, to_server, at, stop)
      -- Of a connection that said nothing yet: zeros at the end may be anybody's, such as the padding of a ClientHello.
      if not connection.seen and (more or not boundary) then return nil end
      if not boundary or (more and not can) then
        found[#found + 1] = { kind = "skipped", at = at, stop = stop }
        break
      end
      if boundary > at then found[#found + 1] = { kind = "skipped", at = at, stop = boundary - 1 } end
      at = boundary
      if more then
        found.offset, found.want = at - 1, DESEGMENT_ONE_MORE_SEGMENT
        break
      end
      side.aligned = true
    else
      left = size - at + 1
      side.aligned = true
      if 4 + length <= left then
        local last = at + 3 + length
        add_message(found, connection, to_server, at, last < stop and last or stop, length, pinfo)
        at = last + 1
      elseif can then
        found.offset, found.want = at - 1, 4 + length - left
        side.wanted = 4 + length
        break
      else
        add_message(found, connection, to_server, at, stop, length, pinfo)
        side.tail = 4 + length - left
        break
      end
    end
  end
  return found
end
`;
