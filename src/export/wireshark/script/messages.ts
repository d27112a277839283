/** Shows what was found in a packet: the tree, the columns, and what experts say. */
export const messages = String.raw`
zookeeper.fields = F

zookeeper.experts = X

-- What every locking or creating client meets.
local EVERYDAY = { NoNode = true, NodeExists = true, BadVersion = true, NotEmpty = true, NoWatcher = true }

local function milliseconds(latency)
  return format("%.3f ms", latency[1] * 1000 + latency[2] / 1000000)
end

-- Bytes behind what is known of a record.
local function leftover(tree, message)
  if P <= E then put(tree, F.undecoded, P, E - P + 1) end
  if message.cut then
    tree:add_proto_expert_info(X.truncated)
    generated(tree, F.truncated, true)
  end
end

local function body(tree, record, message)
  local whole = read_record(tree, record)
  if told.hidden then
    tree:add_proto_expert_info(X.hidden)
    return
  end
  if not whole and not message.cut then tree:add_proto_expert_info(X.malformed) end
  leftover(tree, message)
end

local function links(tree, message, is_request)
  local request = message.request
  if is_request then
    if request and request.answer then generated(tree, F.response_in, request.answer) end
    return
  end
  if not request then
    if message.kind == "response" or message.kind == "connected" then tree:add_proto_expert_info(X.no_request) end
    return
  end
  generated(tree, F.request_in, request.frame)
  local latency = message.latency
  if latency and asked(tree, F.latency) then generated(tree, F.latency, NSTime(latency[1], latency[2])) end
end

local function session_text(at)
  local high, low = half(at), half(at + 4)
  return high == 0 and format("0x%x", low) or format("0x%x%08x", high, low)
end

local function bytes_text(length)
  return length < 0 and "no data" or format("%d bytes", length)
end

local show = {}

show.request = function(tree, message)
  local request = message.request
  read_record(tree, H.RequestHeader)
  generated(tree, F.op, request.name)
  generated(tree, F.request, true)
  if not request.operation then tree:add_proto_expert_info(X.unknown_op) end
  body(tree, request.operation and request.operation.request or {}, message)
  local info = { request.name, format("xid=%d", request.xid) }
  if told.ops then info[#info + 1] = "[" .. concat(told.ops, ", ") .. "]" end
  if told.path then info[#info + 1] = line(told.path) end
  if not told.ops then
    if told.mode then info[#info + 1] = told.mode end
    if told.data then info[#info + 1] = bytes_text(told.data) end
    if told.watch then info[#info + 1] = "watch" end
  end
  return concat(info, " ")
end

show.connect = function(tree, message)
  generated(tree, F.op, "connect")
  generated(tree, F.request, true)
  local at = P
  body(tree, CONNECT.request, message)
  if E - at < 23 then return "connect" end
  return format("connect session=%s timeout=%d", session_text(at + 16), int(at + 12))
end

show.connected = function(tree, message)
  local name = message.request and message.request.name or "connect"
  generated(tree, F.op, name)
  generated(tree, F.response, true)
  local at = P
  body(tree, CONNECT.response, message)
  if E - at < 15 then return name .. " reply" end
  if int(at + 4) == 0 and int(at + 8) == 0 and int(at + 12) == 0 then
    tree:add_proto_expert_info(X.expired)
    generated(tree, F.expired, true)
    return name .. " reply: session expired"
  end
  return format("%s reply session=%s timeout=%d", name, session_text(at + 8), int(at + 4))
end

show.notification = function(tree, message)
  read_record(tree, H.ReplyHeader)
  generated(tree, F.op, "notification")
  generated(tree, F.notification, true)
  local event = E - P >= 3 and EVENT_TYPES[int(P)] or "?"
  body(tree, H.WatcherEvent, message)
  return "notification " .. event .. (told.path and " " .. line(told.path) or "")
end

show.response = function(tree, message)
  local request, xid = message.request, message.xid
  local operation = request and request.operation or (xid == K.PING_XID and OPERATIONS.ping) or nil
  local name = request and request.name or operation and operation.name or nil
  read_record(tree, H.ReplyHeader)
  if name then generated(tree, F.op, name) end
  generated(tree, F.response, true)
  local err = message.err
  if err ~= 0 then generated(tree, F.error, error_name(err)) end
  if err == 0 and operation then body(tree, operation.response, message)
  else leftover(tree, message) end
  if request and request.path and not told.path then generated(tree, F.path, request.path) end
  local info = { name or "answer", "reply", format("xid=%d", xid) }
  if request and request.path then info[#info + 1] = line(request.path) end
  local failed = err ~= 0 and err or told.err
  if failed then
    local text = error_name(failed)
    tree:add_proto_expert_info(EVERYDAY[text] and X.refused or X.error, text)
    info[#info + 1] = text
  else
    if told.ops then info[#info + 1] = "[" .. concat(told.ops, ", ") .. "]" end
    if told.data and not told.ops then info[#info + 1] = bytes_text(told.data) end
    if told.count and not told.ops then info[#info + 1] = format("%d names", told.count) end
  end
  if message.latency then info[#info + 1] = milliseconds(message.latency) end
  return concat(info, " ")
end

local function show_one(tree, message)
  local range = B(message.at - 1, message.stop - message.at + 1)
  local item = tree:add(zookeeper, range)
  local kind = message.kind
  if kind == "skipped" or kind == "tail" then
    put(item, F.skipped, message.at, message.stop - message.at + 1)
    if kind == "skipped" then item:add_proto_expert_info(X.skipped) end
    return nil
  end
  if kind == "word" or kind == "answer" then
    local request = message.request
    generated(item, F.op, "fourLetterWord")
    generated(item, kind == "word" and F.request or F.response, true)
    if kind == "word" then put(item, F.word, message.at, 4, request.name)
    else
      generated(item, F.word, request.name)
      put(item, F.answer, message.at, message.stop - message.at + 1, range:string(ENC_UTF_8))
    end
    links(item, message, kind == "word")
    local text = kind == "word" and request.name or format("%s reply, %d bytes", request.name, message.stop - message.at + 1)
    caption(item, ", " .. text)
    return text
  end
  told = {}
  P, E = message.at + 4, message.stop
  put(item, F.length, message.at, 4, int(message.at))
  local text = show[kind](item, message)
  if message.session and kind ~= "connect" and kind ~= "connected" then generated(item, F.session, message.session) end
  links(item, message, kind == "request" or kind == "connect")
  caption(item, ", " .. text)
  return text
end

local function show_all(found, pinfo, tree)
  full = tree.visible
  budget = 20000
  local texts = {}
  for k = 1, #found do
    local text = show_one(tree, found[k])
    if text and #texts < 20 then texts[#texts + 1] = text end
  end
  if #texts == 0 then return end
  pinfo.cols.protocol = "ZooKeeper"
  local info = concat(texts, " | ")
  if found.again then pinfo.cols.info:append(" | " .. info)
  else pinfo.cols.info = info end
  pinfo.cols.info:fence()
end
`;
