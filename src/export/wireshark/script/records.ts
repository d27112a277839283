/** Adds the fields of records to the tree: each type of jute once. */
export const records = String.raw`
-- Where in S the record is read, and its last byte; how many elements may still be shown; what is told of it in Info.
local P, E = 1, 0
local budget = 0
local told = {}

-- What is printed in a line: without control characters, and not without end.
local function line(text)
  text = gsub(text, "[\0-\31\127]", "?")
  text = gsub(text, "\194[\128-\159]", "?")
  if #text > 200 then
    local last = 200
    -- Not within a character.
    while last > 1 and byte(text, last + 1) >= 128 and byte(text, last + 1) < 192 do last = last - 1 end
    text = sub(text, 1, last) .. "…"
  end
  return text
end

-- Whether somebody looks at the tree; otherwise only fields are added that a filter, a column or a tap asks for.
local full = true

local function asked(tree, proto)
  return full or tree:referenced(proto)
end

-- Adds a field that stands at a position in S. Nil where nobody asks for it.
local function put(tree, proto, at, length, value)
  if not full and not tree:referenced(proto) then return nil end
  if value == nil then return tree:add(proto, B(at - 1, length)) end
  return tree:add(proto, B(at - 1, length), value)
end

-- Adds what was worked out and stands nowhere in the packet.
local function generated(tree, proto, value)
  if full or tree:referenced(proto) then tree:add(proto, value):set_generated() end
end

-- A branch of the tree; where nobody looks, what belongs on it is added where it would stand.
local function branch(tree, proto, at, length)
  if full then return tree:add(proto, B(at - 1, length)) end
  return put(tree, proto, at, length) or tree
end

local function caption(item, text)
  if full then item:append_text(text) end
end

-- Sets the length of a branch that began at a position.
local function close(item, from)
  if full then item:set_len(P - from) end
end

local function error_name(code)
  return ERRORS[code] or format("unknown(%d)", code)
end

-- Each reads one value from P on, and gives false (or nil) where the bytes end early.
local read = {}

local function read_int(tree, proto)
  if P + 3 > E then return nil end
  local value = int(P)
  put(tree, proto, P, 4, value)
  P = P + 4
  return value
end

local function read_long(tree, proto)
  if P + 7 > E then return nil end
  put(tree, proto, P, 8)
  P = P + 8
  return true
end

-- The text, or true where nobody asks for it.
local function read_string(tree, proto, wanted)
  if P + 3 > E then return nil end
  local from, length = P, int(P)
  if length < -1 or P + 3 + length > E then return nil end
  P = P + 4 + (length > 0 and length or 0)
  local shown = asked(tree, proto)
  if not shown and not wanted then return true end
  local text = ""
  if length > 0 then text = B(from + 3, length):string(ENC_UTF_8) end
  if shown then
    local item = tree:add(proto, B(from - 1, P - from), text)
    if length < 0 then item:append_text(" (null)") end
  end
  return text
end

read.int = function(tree, field) return read_int(tree, field.proto) end
read.long = function(tree, field) return read_long(tree, field.proto) end
read.ustring = function(tree, field) return read_string(tree, field.proto) end
read.named, read.decimal, read.zxid, read.id = read.int, read.long, read.long, read.long

read.flags = function(tree, field)
  local value = read_int(tree, field.proto)
  if value and field.names then told.mode = field.names[value] end
  return value
end

read.boolean = function(tree, field)
  if P > E then return nil end
  local value = byte(S, P) ~= 0
  put(tree, field.proto, P, 1, value)
  P = P + 1
  if field.watch and value then told.watch = true end
  return true
end

-- Milliseconds since 1970.
read.moment = function(tree, field)
  if P + 7 > E then return nil end
  if asked(tree, field.proto) then
    local high, low = int(P), half(P + 4)
    -- Beyond the year 9999 no library knows a date.
    if high >= 0 and high < 58999 then
      local milliseconds = high * 4294967296 + low
      local seconds = floor(milliseconds / 1000)
      tree:add(field.proto, B(P - 1, 8), NSTime(seconds, (milliseconds - seconds * 1000) * 1000000))
    else
      tree:add(field.proto, B(P - 1, 8), NSTime(0, 0)):append_text(" (no date)")
    end
  end
  P = P + 8
  return true
end

read.path = function(tree, field)
  local text = read_string(tree, field.proto, not told.path)
  if text and not told.path then told.path = text end
  return text
end

read.buffer = function(tree, field)
  if P + 3 > E then return nil end
  local length = int(P)
  if length < -1 then return nil end
  local item = put(tree, field.size, P, 4, length)
  if item and length < 0 then item:append_text(" (null)") end
  if field.data then told.data = length end
  local there = length
  if P + 3 + length > E then there = E - P - 3 end
  if there > 0 then put(tree, field.proto, P + 4, there) end
  P = P + 4 + (there > 0 and there or 0)
  return there == length
end

local function read_nested(tree, fields)
  for k = 1, #fields do
    local field = fields[k]
    if not read[field.type.name](tree, field) then return nil end
  end
  return true
end

read.stat = function(tree, field)
  local from = P
  local item = branch(tree, field.proto, P, 0)
  local whole = read_nested(item, N.stat)
  close(item, from)
  return whole
end

-- Elements with their number in front. Of very many only the first are shown.
local function read_vector(tree, field, element)
  if P + 3 > E then return nil end
  local from = P
  local count = int(P)
  if count < -1 or (count > 0 and count * 4 > E - P - 3) then return nil end
  local item = put(tree, field.size, P, 4, count) or tree
  P = P + 4
  local whole = true
  for _ = 1, count do
    budget = budget - 1
    if budget < 0 then
      told.hidden = true
      whole = nil
      break
    end
    if not element(item) then
      whole = nil
      break
    end
  end
  close(item, from)
  return whole, count
end

read.ustrings = function(tree, field)
  local proto = field.proto
  local whole, count = read_vector(tree, field, function(item) return read_string(item, proto) end)
  told.count = told.count or count
  return whole
end

local function perms_text(perms)
  local letters = {}
  for k = 1, #PERMISSIONS do
    local bit, letter = PERMISSIONS[k][1], PERMISSIONS[k][2]
    if floor(perms / bit) % 2 == 1 then letters[#letters + 1] = letter end
  end
  return concat(letters)
end

local function read_entry(tree, field, fields)
  local from = P
  local entry = branch(tree, field.proto, P, 0)
  local whole = read_nested(entry, fields)
  close(entry, from)
  return whole
end

read.perms = function(tree, field)
  if P + 3 > E then return nil end
  local perms = half(P)
  local item = put(tree, field.proto, P, 4, perms)
  if item then item:append_text(" (" .. perms_text(perms) .. ")") end
  P = P + 4
  return true
end

read.acl = function(tree, field)
  return read_vector(tree, field, function(item) return read_entry(item, field, N.acl) end)
end

read.clientInfo = function(tree, field)
  return read_vector(tree, field, function(item) return read_entry(item, field, N.clientInfo) end)
end

local function read_record(tree, record)
  for k = 1, #record do
    local field = record[k]
    if not field.optional or P <= E then
      if not read[field.type.name](tree, field) then return nil end
    end
  end
  return true
end

-- A multi: MultiHeader and the record of that type, until done. A multi within a multi does not exist.
local function read_multi(tree, field, results)
  told.ops = {}
  while true do
    if P + 8 > E then return nil end
    budget = budget - 1
    if budget < 0 then
      told.hidden = true
      return nil
    end
    local from, opcode, done = P, int(P), byte(S, P + 4) ~= 0
    local operation = BY_CODE[opcode]
    local name = operation and operation.name or (done and "end" or opcode == -1 and results and "error" or format("unknown(%d)", opcode))
    local item = branch(tree, field.proto, P, 9)
    caption(item, ": " .. name)
    put(item, F["multi.opcode"], P, 4, opcode)
    put(item, F["multi.done"], P + 4, 1, done)
    put(item, F["multi.err"], P + 5, 4, int(P + 5))
    P = P + 9
    if done then return true end
    if #told.ops < 20 then told.ops[#told.ops + 1] = name end
    local whole = true
    if opcode == -1 and results then
      local err = read_int(item, F.err)
      whole = err
      if err and err ~= 0 then
        caption(item, ", " .. error_name(err))
        generated(item, F.error, error_name(err))
        -- What failed, not what was undone for it.
        if not told.err and err ~= -2 then told.err = err end
      end
    elseif operation then
      local record = results and operation.response or operation.request
      if record[1] and (record[1].type == T.requests or record[1].type == T.results) then return nil end
      local path = told.path
      told.path = nil
      whole = read_record(item, record)
      if told.path then caption(item, ", " .. line(told.path)) end
      told.path = path or told.path
    else
      return nil
    end
    close(item, from)
    if not whole then return nil end
  end
end

read.requests = function(tree, field) return read_multi(tree, field, false) end
read.results = function(tree, field) return read_multi(tree, field, true) end
`;
