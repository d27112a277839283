import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MessageRecord } from '../observations/record.js';
import type { Packet } from './captureFile.js';
import { parseTcp } from './packets.js';

/** As much of Wireshark's Lua as the dissector uses, strict about whole numbers and bounds, for interpreters of their own. */
const API = String.raw`
local function whole(value)
  assert(type(value) == "number" and value == math.floor(value), "no whole number: " .. tostring(value))
  return string.format("%d", value)
end

local said = {}
local function say(name, value) said[#said + 1] = name .. "\t" .. value end

DESEGMENT_ONE_MORE_SEGMENT, ENC_UTF_8 = 0x0fffffff, 2
base = { NONE = 0, DEC = 1, HEX = 2, UTC = 3 }
frametype = { REQUEST = 1, RESPONSE = 2 }
expert = { group = setmetatable({}, { __index = function() return 1 end }), severity = setmetatable({}, { __index = function() return 1 end }) }
ProtoExpert = { new = function(name) return { expert = name } end }
ProtoField = setmetatable({}, { __index = function(_, type)
  return function(name, label) return { name = name, type = type, label = assert(label) } end
end })
Field = { new = function() return function() return nil end end }
function NSTime(seconds, nanoseconds) return { time = whole(seconds) .. " " .. whole(nanoseconds) } end
Pref = { range = function(_, default) return default end }
DissectorTable = { get = function() return { add = function() end, remove = function() end } end }

local protocol
function Proto(name)
  assert(name == "zookeeper" and not protocol)
  protocol = { prefs = {}, name = name, register_heuristic = function() end }
  return protocol
end

local Range = {}
Range.__index = Range
function Range:string() return self.bytes end
function Range:uint64() return { long = self.bytes } end

local Payload = {}
Payload.__index = Payload
function Payload:len() return #self.bytes end
function Payload:reported_len() return #self.bytes end
function Payload:offset() return 0 end
function Payload:raw(offset, length)
  whole(offset)
  whole(length)
  return self.bytes:sub(offset + 1, offset + length)
end
function Payload:__call(offset, length)
  whole(offset)
  whole(length)
  assert(offset >= 0 and length >= 0 and offset + length <= #self.bytes, "Range is out of bounds")
  return setmetatable({ bytes = self.bytes:sub(offset + 1, offset + length) }, Range)
end

local function hex(bytes)
  return (bytes:gsub(".", function(c) return string.format("%02x", c:byte()) end))
end

local function shown(field, value)
  if field.type == "int32" or field.type == "uint32" or field.type == "framenum" then return whole(value) end
  if field.type == "bool" then return tostring(value == true) end
  if field.type == "relative_time" or field.type == "absolute_time" then return value.time end
  if field.type == "uint64" or field.type == "int64" then return hex(value.long or value.bytes) end
  if field.type == "string" then return hex(value) end
  return ""
end

local Tree = { visible = true }
Tree.__index = Tree
function Tree:add(field, range, value)
  if field == protocol then
    say("message", "")
  else
    if value == nil then value = range else assert(getmetatable(range) == Range) end
    say(field.name, shown(field, value))
  end
  return setmetatable({}, Tree)
end
function Tree:append_text(text) assert(type(text) == "string") return self end
function Tree:set_generated() return self end
function Tree:set_len(length) whole(length) return self end
function Tree:add_proto_expert_info(info, text) assert(info.expert) return self end

local held = {}
function packet(number, time, src, src_port, dst, dst_port, payload)
  local bytes = payload:gsub("%x%x", function(digits) return string.char(tonumber(digits, 16)) end)
  local key = src .. src_port .. dst .. dst_port
  local before = held[key]
  if before then bytes = before.bytes .. bytes end
  if before and #bytes < before.needed then
    before.bytes = bytes
    return
  end
  held[key] = nil
  said = {}
  local info = {}
  local cols = setmetatable({}, {
    __index = function() return { append = function(_, text) info[#info + 1] = text end, fence = function() end } end,
    __newindex = function(_, _, text) info[#info + 1] = text end,
  })
  local pinfo = { number = number, rel_ts = time, src = src, dst = dst, src_port = src_port, dst_port = dst_port, can_desegment = 1, visited = false, cols = cols }
  local tvb = setmetatable({ bytes = bytes }, Payload)
  protocol.dissector(tvb, pinfo, setmetatable({}, Tree))
  if pinfo.desegment_len then
    local rest = bytes:sub(pinfo.desegment_offset + 1)
    local more = pinfo.desegment_len == DESEGMENT_ONE_MORE_SEGMENT and 1 or pinfo.desegment_len
    whole(more)
    held[key] = { bytes = rest, needed = #rest + more }
  end
  if #said > 0 then print("frame\t" .. number .. "\n" .. table.concat(said, "\n")) end
  for _, text in ipairs(info) do assert(not text:find("[%c]")) end
end
`;

/** Interpreters that stand for those in Wireshark: 5.2 up to 4.2, then 5.4. */
export const luas = ['lua5.2', 'lua5.3', 'lua5.4'].filter((lua) => spawnSync(lua, ['-v']).status === 0);

/** Messages that the dissector finds in the TCP payloads, each with what the tree has of it, in plain Lua. */
export function luaMessages(lua: string, script: string, packets: readonly Packet[]): MessageRecord[] {
  const first = packets[0]!;
  const calls = packets.flatMap((packet, i) => {
    const tcp = parseTcp(packet);
    if (tcp === undefined || tcp.payload.length === 0) return [];
    const { source, destination, payload } = tcp;
    const time = packet.seconds - first.seconds + (packet.nanos - first.nanos) / 1e9;
    const ends = [source, destination].map(({ ip, port }) => `"${ip}", ${port}`).join(', ');
    return [`packet(${i + 1}, ${time}, ${ends}, "${payload.toString('hex')}")`];
  });
  const folder = mkdtempSync(join(tmpdir(), 'zkscope-'));
  try {
    const file = join(folder, 'run.lua');
    writeFileSync(file, `${API}\n(function()\n${script}\nend)()\n${calls.join('\n')}\n`);
    const { stdout, stderr, status } = spawnSync(lua, [file], { encoding: 'utf8', maxBuffer: 1 << 28 });
    if (status !== 0) throw new Error(`${lua}: ${stderr}`);
    return messagesOf(stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function messagesOf(text: string): MessageRecord[] {
  const messages: MessageRecord[] = [];
  let frame = 0;
  for (const line of text.trim().split('\n')) {
    const [name = '', value = ''] = line.split('\t');
    if (name === 'frame') frame = Number(value);
    else if (name === 'message') messages.push({ frame });
    else messages.at(-1)![name.replace('zookeeper.', '')] ??= value;
  }
  return messages;
}
