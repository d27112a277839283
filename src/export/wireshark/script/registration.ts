/** Remembers what packets held, and tells Wireshark where to ask. */
export const registration = String.raw`
-- What was found in a frame when it was first seen: the payloads of one frame come in the same order again.
local latest, latest_frame = nil, 0

-- The one of a frame's payloads, from 'found' on, that is in hand.
local function in_hand(found, number, to_server_key)
  local offset, size = B:offset(), B:reported_len()
  while found do
    if found.offset_in_frame == offset and found.size == size and found.source == to_server_key then
      latest, latest_frame = found, number
      return found
    end
    found = found.following
  end
  return nil
end

local function known(pinfo, to_server_key)
  local number = pinfo.number
  local following = number == latest_frame and latest and latest.following or nil
  return in_hand(following, number, to_server_key) or in_hand(frames[number], number, to_server_key)
end

local function remember(found, pinfo)
  local number = pinfo.number
  found.offset_in_frame, found.source = B:offset(), pinfo.src_port
  local last = frames[number]
  if not last then
    frames[number] = found
    return
  end
  while last.following do last = last.following end
  last.following = found
  local before = frames[number]
  while before and before ~= found do
    if before.shown then found.again = true end
    before = before.following
  end
end

local ports = {}

-- Pairs of first and last port, of what the preference says.
local function port_ranges(text)
  local ranges = {}
  for first, last in string.gmatch(text, "(%d+)%-?(%d*)") do
    first = tonumber(first)
    ranges[#ranges + 1] = { first, tonumber(last) or first }
  end
  return ranges
end

local function is_server_port(port)
  for k = 1, #ports do
    if port >= ports[k][1] and port <= ports[k][2] then return true end
  end
  return false
end

-- What a four-letter word may begin with, where its bytes come one by one.
local WORD_STARTS = {}
for word in pairs(WORDS) do
  for length = 1, 3 do WORD_STARTS[sub(word, 1, length)] = true end
end

local function word_at_start()
  return #S >= 4 and WORDS[sub(S, 1, 4)] and sub(S, 1, 4) or nil
end

-- Whether the packet goes to the server, where its connection is not known yet: by the ports, or by what it says.
local function direction(pinfo)
  local to = is_server_port(pinfo.dst_port) or is_learned(pinfo.dst, pinfo.dst_port)
  local from = is_server_port(pinfo.src_port) or is_learned(pinfo.src, pinfo.src_port)
  if to ~= from then return to end
  if #S >= 4 and is_connect_request(5, int(1)) then return true end
  if word_at_start() and to then return true end
  if request_evidence(1, #S) == STRONG then return true end
  if response_evidence(nil, 1, #S) == STRONG then return false end
  return nil
end

-- A connection begins anew with a handshake or a four-letter word, whatever was between these ends before.
local function begins(to_server)
  if not to_server then return false end
  if word_at_start() then return true end
  if #S < 4 then return false end
  local length = int(1)
  return is_connect_request(5, length) and (length == 44 or length == 45 or B:reported_len() == 4 + length)
end

-- Where Wireshark makes a tree for the frame it says that segments before it were not captured.
local lost_segment = Field.new("tcp.analysis.lost_segment")

local function first_sight(pinfo)
  local connection, to_server = find_connection(pinfo)
  if not connection or begins(to_server) then
    if to_server == nil then to_server = direction(pinfo) end
    if to_server == nil then return nil end
    connection = new_connection(pinfo, to_server)
  end
  if lost_segment() then note_loss(connection, to_server) end
  local found
  local word = to_server and not connection.seen and word_at_start()
  if word then
    connection.word = { name = word, frame = pinfo.number, time = pinfo.rel_ts }
    connection.seen = true
    found = { size = B:reported_len(), { kind = "word", at = 1, stop = 4, request = connection.word } }
    if #S > 4 then found[2] = { kind = "tail", at = 5, stop = #S } end
  elseif to_server and not connection.seen and WORD_STARTS[S] and pinfo.can_desegment > 0 then
    found = { size = B:reported_len(), offset = 0, want = DESEGMENT_ONE_MORE_SEGMENT }
  else
    found = cut(connection, to_server, pinfo)
  end
  if not found then return nil end
  if not connection.kept then
    connection.kept = true
    keep(connection, pinfo)
  end
  if connection.seen_request and not connection.told and found[1] and found[1].kind == "connect" then
    connection.told = true
    learn(connection)
  end
  return found
end

-- Nothing of ZooKeeper's: 0, so that others may look at it.
local function dissect(tvb, pinfo, tree)
  B, S = tvb, tvb:raw(0, tvb:len())
  local found
  if pinfo.visited then found = known(pinfo, pinfo.src_port)
  else
    found = first_sight(pinfo)
    if found then remember(found, pinfo) end
  end
  if not found then return 0 end
  if #found > 0 then
    found.shown = true
    show_all(found, pinfo, tree)
  end
  if found.want then
    pinfo.desegment_offset = found.offset
    pinfo.desegment_len = found.want
  end
  return tvb:len()
end

function zookeeper.dissector(tvb, pinfo, tree)
  return dissect(tvb, pinfo, tree)
end

-- On any port: the handshake that clients really send, a server that was seen to answer one, or a message that leaves
-- little doubt.
local function recognised(pinfo)
  local size = #S
  if size < 4 or byte(S, 1) ~= 0 then return false end
  local length = int(1)
  if length == 44 or length == 45 then
    if size == 4 and B:reported_len() == 4 then return true end
    if is_connect_request(5, length) and int(17) > 0 then return true end
  end
  local to, from = is_learned(pinfo.dst, pinfo.dst_port), is_learned(pinfo.src, pinfo.src_port)
  if to ~= from then
    return (to and request_evidence(1, size) or response_evidence(nil, 1, size)) >= WEAK
  end
  if request_evidence(1, size) == STRONG then return int(9) ~= K.SASL end
  return response_evidence(nil, 1, size) == STRONG
end

local function heuristic(tvb, pinfo, tree)
  B = tvb
  if tvb:len() < 4 then return false end
  if pinfo.visited then
    if not frames[pinfo.number] then return false end
  elseif not find_connection(pinfo) then
    S = tvb:raw(0, tvb:len())
    if not recognised(pinfo) then return false end
  end
  return dissect(tvb, pinfo, tree) > 0
end

zookeeper:register_heuristic("tcp", function(tvb, pinfo, tree)
  if not heuristic(tvb, pinfo, tree) then return false end
  pinfo.conversation = zookeeper
  return true
end)
-- Not the whole conversation: TLS stands between.
zookeeper:register_heuristic("tls", heuristic)

function zookeeper.init()
  connections, frames, learned = {}, {}, {}
  latest, latest_frame = nil, 0
end

zookeeper.prefs.ports = Pref.range("TCP ports", "2181", "Ports on which servers listen; on others ZooKeeper is found by its handshake", 65535)
zookeeper.prefs.tls_ports = Pref.range("TLS ports", "2181,2281", "Ports on which servers listen for TLS", 65535)

local registered, registered_tls = "", ""

local function register(name, before, now)
  local where = DissectorTable.get(name)
  if before ~= "" then where:remove(before, zookeeper) end
  if now ~= "" then where:add(now, zookeeper) end
end

local function use_ports()
  local plain, tls = tostring(zookeeper.prefs.ports), tostring(zookeeper.prefs.tls_ports)
  if plain ~= registered then
    register("tcp.port", registered, plain)
    registered = plain
  end
  if tls ~= registered_tls then
    register("tls.port", registered_tls, tls)
    registered_tls = tls
  end
  ports = port_ranges(plain .. "," .. tls)
end

function zookeeper.prefs_changed()
  use_ports()
end

use_ports()
`;
