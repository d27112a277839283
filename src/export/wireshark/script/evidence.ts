/** Whether a message stands somewhere: what evidence.ts, resync.ts and handshake.ts of the decoder say, in Lua. */
export const evidence = String.raw`
-- How sure bytes make it that a message begins somewhere.
local NO, MORE, WEAK, STRONG = 0, 1, 2, 3

local function path_at(at, stop, longest)
  if stop - at < 4 then return nil end
  local length = int(at)
  if length < 1 or length > longest or byte(S, at + 4) ~= 47 then return -1 end
  local last = at + 3 + length
  if last > stop then last = stop end
  if last > at + 67 then last = at + 67 end
  if find(sub(S, at + 4, last), "[\0-\31\127]") then return -1 end
  return length
end

-- Bytes of a field of variable length; -1 if it cannot stand there, nil where too few are at hand, false where it is open.
local function variable_length(field, at, stop, room)
  local kind = field.type
  if kind == T.path then
    local length = path_at(at, stop, room - 4)
    if length == nil or length < 0 then return length end
    return 4 + length
  end
  if kind == T.requests or kind == T.results then
    local results = kind == T.results
    if stop - at < 8 then
      if results then return false end
      return nil
    end
    local opcode, done = int(at), byte(S, at + 4)
    if done == 1 then return opcode == -1 and int(at + 5) == -1 and 9 or -1 end
    if done ~= 0 or room <= 9 then return -1 end
    if results and (opcode == -1 or BY_CODE[opcode]) then return false end
    if not results and BY_CODE[opcode] and int(at + 5) == -1 then return false end
    return -1
  end
  if stop - at < 3 then return nil end
  local count = int(at)
  if count < -1 then return -1 end
  local element = kind.element or 1
  if count > 0 and count * element > room - 4 then return -1 end
  if count > 0 and element > 1 then return false end
  return 4 + (count > 0 and count or 0)
end

-- Whether a body of so many bytes, of which those up to stop are at hand, can be this record.
local function record_evidence(record, at, stop, length)
  local rest, left, open = record.least, length, record.variable
  if length < rest then return NO end
  local strength = record.telling and STRONG or WEAK
  local optional = false
  for k = 1, #record do
    local field = record[k]
    local kind = field.type
    if field.optional then
      if left == 0 or left == kind.least then return WEAK end
      return NO
    end
    rest = rest - kind.least
    local taken = kind.least
    if kind.fixed then
      if field.low and stop - at >= 3 then
        local value = int(at)
        if value < field.low or value > field.high then return NO end
      end
    else
      taken = variable_length(field, at, stop, left - rest)
      if taken == nil then
        if open == record.variable then return MORE end
        return strength
      end
      if taken == false then return strength end
      if taken < 0 then return NO end
      open = open - 1
    end
    at = at + taken
    left = left - taken
    optional = record[#record].optional
    if open == 0 and left ~= rest and not optional then return NO end
  end
  if left == 0 then return strength end
  return NO
end

local function request_evidence(at, stop)
  if stop - at < 11 then return MORE end
  local length = int(at)
  if length < 8 or length > K.LONGEST_ALIGNED then return NO end
  local xid, opcode = int(at + 4), int(at + 8)
  local operation = BY_CODE[opcode]
  if not operation or (opcode == K.PING and xid ~= K.PING_XID) then return NO end
  local found = record_evidence(operation.request, at + 12, stop, length - 8)
  if length == 8 and opcode > 0 and opcode ~= K.PING and found == STRONG then return WEAK end
  return found
end

-- A request of the connection with this xid that waits for its answer.
local function waiting_for(connection, xid)
  return connection and connection.waiting[xid]
end

-- Zxids of one connection grow, within a capture by no more than millions, or to the next epochs.
local function zxid_fits(high, low, last)
  if high > 65535 then return false end
  if not last then return true end
  local zxid = high * 4294967296 + low
  if zxid < last - K.ZXID_BACK then return false end
  return zxid <= last + K.ZXID_AHEAD
    or (high - floor(last / 4294967296) < K.EPOCHS_AHEAD and low < K.ZXID_AHEAD)
end

local function response_evidence(connection, at, stop)
  if stop - at < 19 then return MORE end
  local length = int(at)
  if length < 16 or length > K.LONGEST_ALIGNED then return NO end
  local xid, high, low, err = int(at + 4), half(at + 8), half(at + 12), int(at + 16)
  local body, body_at = length - 16, at + 20
  local last = connection and connection.zxid
  if xid == K.NOTIFICATION_XID then
    if err ~= 0 or body < 13 then return NO end
    if stop - body_at < 7 then return MORE end
    if not EVENT_TYPES[int(body_at)] or not KEEPER_STATES[int(body_at + 4)] then return NO end
    local path = path_at(body_at + 8, stop, body - 12)
    return (path == nil or path == body - 12) and STRONG or NO
  end
  if not ERRORS[err] then return NO end
  local zero = high == 0 and low == 0
  if not zero and high ~= 4294967295 and not zxid_fits(high, low, last) then return NO end
  if xid == K.PING_XID then return length == 16 and err == 0 and STRONG or NO end
  local request = waiting_for(connection, xid)
  if err ~= 0 then
    if length ~= 16 then return NO end
    return request and STRONG or WEAK
  end
  if not request then
    if xid ~= K.AUTH_XID and (zero or (xid <= 0 and xid ~= K.SET_WATCHES_XID)) then return NO end
    if last or stop - at + 1 >= 4 + length then return WEAK end
    return NO
  end
  if not request.operation then return WEAK end
  return record_evidence(request.operation.response, body_at, stop, body)
end

-- ConnectRequest and ConnectResponse, whole: protocol version 0 and a password that fits.
local function handshake_at(at, length, least)
  if #S < at + least - 1 or int(at) ~= 0 then return false end
  local password = int(at + least - 4)
  if password < 0 then password = 0 end
  return length == least + password or length == least + password + 1
end

local function is_connect_request(at, length)
  return length >= K.leastRequest and length <= K.mostRequest and handshake_at(at, length, K.leastRequest)
end

local function is_connect_response(at, length)
  return length >= K.leastResponse and length <= K.mostResponse and handshake_at(at, length, K.leastResponse)
end
`;
