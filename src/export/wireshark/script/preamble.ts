/** Makes the protocol, and has what all parts use. Lua 5.2 to 5.4: no operators on bits, numbers may be doubles. */
export const preamble = String.raw`
local function make(name, description)
  return Proto(name, description)
end

local made, zookeeper = pcall(make, "zookeeper", "ZooKeeper Protocol")
if not made then
  io.stderr:write("zookeeper.lua: another dissector is called zookeeper; this one is not used\n")
  return
end

local byte, sub, find, floor, format, gsub = string.byte, string.sub, string.find, math.floor, string.format, string.gsub
local concat = table.concat

-- What is being dissected: the payload, and its bytes as far as they were captured. Positions in S begin with 1.
local B, S = nil, ""

-- The int at a position; whoever asks has looked that it is there.
local function int(at)
  local a, b, c, d = byte(S, at, at + 3)
  local value = ((a * 256 + b) * 256 + c) * 256 + d
  if a >= 128 then return value - 4294967296 end
  return value
end

-- The upper or lower half of a long, without sign.
local function half(at)
  local value = int(at)
  if value < 0 then return value + 4294967296 end
  return value
end

local BY_CODE = {}
for name, operation in pairs(OPERATIONS) do
  if name ~= "connect" then BY_CODE[operation.code] = operation end
end
local CONNECT = OPERATIONS.connect
`;
