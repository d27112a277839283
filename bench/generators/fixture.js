import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setChecksums } from './checksum.js';

const FIXTURE = fileURLToPath(new URL('../../fixtures/healthy-mixed.pcap', import.meta.url));
const NETWORK = 0x0a4d0000;
const ETHERNET = 14;
const TCP = 6;
const FIN = 1;
const SYN = 2;
const RST = 4;
const ACK = 16;
const MICROSECONDS = 1_000_000;
/** What the fixture has in its messages: the writes of one epoch, and the sessions that three servers gave out. */
const FIRST_ZXID = 0x5_0000_0148n;
const LAST_ZXID = 0x5_0000_0443n;
const SESSIONS = [0x1000034e6280000n, 0x2000034e6e80000n, 0x3000034e65f0000n];
/** What they grow by from one copy to the next. */
const ZXID_STEP = 1n << 32n;
const SESSION_STEP = 0x10000n;

/**
 * A real capture, again and again, one copy after the other: each with hosts, sessions and zxids of its own, so that
 * it is as if the same had been done many times on many ensembles. Connections that the fixture leaves open are ended.
 */
export function fixture(writer) {
  const packets = readPackets();
  const span = Math.ceil((packets.at(-1).time - packets[0].time) / MICROSECONDS + 1) * MICROSECONDS;
  for (const packet of packets) packet.patches = findPatches(packet);
  const endings = endingsOf(packets);
  for (let copy = 0; ; copy++) {
    const shift = { address: copy << 8, zxid: ZXID_STEP * BigInt(copy), session: SESSION_STEP * BigInt(copy) };
    for (const packet of packets) writeCopy(writer, packet, packet.time + copy * span, shift);
    for (const packet of endings) writeCopy(writer, packet, packet.time + copy * span, shift);
  }
}

function writeCopy(writer, { data, patches, ip }, time, shift) {
  writer.frame(time, data.length, (buffer, start) => {
    data.copy(buffer, start);
    if (ip === undefined) return;
    for (const at of [start + ip + 12, start + ip + 16]) {
      const address = buffer.readUInt32BE(at);
      if (address >>> 16 === NETWORK >>> 16) buffer.writeUInt32BE(address + shift.address, at);
    }
    for (const { offset, value } of patches) {
      buffer.writeBigUInt64BE(value + (isZxid(value) ? shift.zxid : shift.session), start + offset);
    }
    setChecksums(buffer, start + ip, start + ip + buffer.readUInt16BE(start + ip + 2));
  });
}

/** Packets of the fixture (little-endian, microseconds); `ip` is the offset of the IPv4 header where TCP lies in it. */
function readPackets() {
  const file = readFileSync(FIXTURE);
  const packets = [];
  for (let at = 24; at < file.length;) {
    const length = file.readUInt32LE(at + 8);
    const data = file.subarray(at + 16, at + 16 + length);
    const tcp = data.readUInt16BE(12) === 0x0800 && data[ETHERNET + 9] === TCP;
    const time = file.readUInt32LE(at) * MICROSECONDS + file.readUInt32LE(at + 4);
    packets.push({ time, data, ip: tcp ? ETHERNET : undefined, patches: [] });
    at += 16 + length;
  }
  return packets;
}

/** True for the 64-bit numbers of the fixture that are zxids, and for those that are session ids. */
function isZxid(value) {
  return value >= FIRST_ZXID && value <= LAST_ZXID;
}

function isSession(value) {
  return SESSIONS.some((first) => value >= first && value < first + SESSION_STEP);
}

/** Where zxids and session ids stand in the payload. One that is spread over two packets is left as it is. */
function findPatches({ data, ip }) {
  const patches = [];
  if (ip === undefined) return patches;
  const tcp = ip + (data[ip] & 0x0f) * 4;
  const end = Math.min(ip + data.readUInt16BE(ip + 2), data.length);
  for (let offset = tcp + (data[tcp + 12] >> 4) * 4; offset + 8 <= end; offset++) {
    const value = data.readBigUInt64BE(offset);
    if (!isZxid(value) && !isSession(value)) continue;
    patches.push({ offset, value });
    offset += 7;
  }
  return patches;
}

/** FIN, FIN and ACK for each connection that is open at the end. */
function endingsOf(packets) {
  const directions = new Map();
  const ended = new Set();
  for (const packet of packets) {
    const { data, ip } = packet;
    if (ip === undefined) continue;
    const tcp = ip + (data[ip] & 0x0f) * 4;
    const key = data.toString('hex', ip + 12, ip + 20) + data.toString('hex', tcp, tcp + 4);
    const flags = data[tcp + 13];
    const payload = data.readUInt16BE(ip + 2) - (tcp - ip) - (data[tcp + 12] >> 4) * 4;
    const next = data.readUInt32BE(tcp + 4) + payload + ((flags & (SYN | FIN)) === 0 ? 0 : 1);
    const before = directions.get(key);
    if (before === undefined || ((next - before.next) | 0) >= 0) directions.set(key, { packet, next: next % 2 ** 32 });
    if ((flags & (FIN | RST)) !== 0) ended.add(key).add(reversed(key));
    else if ((flags & SYN) !== 0) {
      ended.delete(key);
      ended.delete(reversed(key));
    }
  }
  const endings = [];
  const last = packets.at(-1).time;
  for (const [key, client] of directions) {
    const server = directions.get(reversed(key));
    const toServer = parseInt(key.slice(-4), 16) < parseInt(key.slice(-8, -4), 16);
    if (!toServer || server === undefined || ended.has(key)) continue;
    const time = last + 1000 + endings.length * 100;
    endings.push(control(client, server, time, FIN | ACK, 0, 0));
    endings.push(control(server, client, time + 50, FIN | ACK, 0, 1));
    endings.push(control(client, server, time + 90, ACK, 1, 1));
  }
  return endings;
}

function reversed(key) {
  return key.slice(8, 16) + key.slice(0, 8) + key.slice(20, 24) + key.slice(16, 20);
}

/** A segment without payload or options, with the addresses of an earlier one. */
function control(from, to, time, flags, sent, received) {
  const { packet, next } = from;
  const data = Buffer.alloc(ETHERNET + 40);
  packet.data.copy(data, 0, 0, ETHERNET + 20);
  packet.data.copy(data, ETHERNET + 20, ETHERNET + 20, ETHERNET + 24);
  data[ETHERNET] = 0x45;
  data.writeUInt16BE(40, ETHERNET + 2);
  const tcp = ETHERNET + 20;
  data.writeUInt32BE((next + sent) % 2 ** 32, tcp + 4);
  data.writeUInt32BE((to.next + received) % 2 ** 32, tcp + 8);
  data.writeUInt16BE(0x5000 | flags, tcp + 12);
  data.writeUInt16BE(501, tcp + 14);
  return { time, data, ip: ETHERNET, patches: [] };
}
