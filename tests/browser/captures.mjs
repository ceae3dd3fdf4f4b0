// Captures and archives made for the tests, and the command to compare the page with.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { crc32, deflateRawSync } from "node:zlib";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** 2023-11-14T22:13:20Z. */
const SECS = 1_700_000_000;

const u16 = (n) => [(n >> 8) & 255, n & 255];
const u32 = (n) => [...u16(n >>> 16), ...u16(n & 0xffff)];
const ascii = (text) => [...Buffer.from(text, "latin1")];

/** A TCP segment in IPv4; ends are `[address, port]`. */
function segment([from, fromPort], [to, toPort], seq, ack, flags, payload) {
	const tcp = [...u16(fromPort), ...u16(toPort), ...u32(seq), ...u32(ack), 0x50, flags];
	const data = [...tcp, 4, 0, 0, 0, 0, 0, ...payload];
	// An identification of its own, so that no packet is taken for the copy of another.
	const id = (seq * 31 + ack * 7 + flags + payload.length) & 0xffff;
	const ip = [0x45, 0, ...u16(20 + data.length), ...u16(id), 0, 0, 64, 6, 0, 0];
	return [...ip, ...from.split(".").map(Number), ...to.split(".").map(Number), ...data];
}

const [FIN, SYN, PSH, ACK] = [1, 2, 8, 16];

/**
 * The packets of a connection: `said` are texts with who says them, `true` for the originator; a
 * number instead of a text is a piece of that length that the capture lacks.
 */
export function talk(orig, resp, said) {
	const packets = [
		segment(orig, resp, 99, 0, SYN, []),
		segment(resp, orig, 499, 100, SYN | ACK, []),
	];
	const seq = { true: 100, false: 500 };
	packets.push(segment(orig, resp, 100, 500, ACK, []));
	for (const [isOrig, what] of said) {
		const [from, to] = isOrig ? [orig, resp] : [resp, orig];
		if (typeof what === "string") {
			const payload = ascii(what);
			packets.push(segment(from, to, seq[isOrig], seq[!isOrig], PSH | ACK, payload));
			seq[isOrig] += payload.length;
		} else {
			seq[isOrig] += what;
		}
	}
	packets.push(segment(orig, resp, seq.true, seq.false, FIN | ACK, []));
	packets.push(segment(resp, orig, seq.false, seq.true + 1, FIN | ACK, []));
	packets.push(segment(orig, resp, seq.true + 1, seq.false + 1, ACK, []));
	return packets;
}

/** A pcap file of raw IP packets, one a millisecond from this number on. */
export function pcap(packets, from = 0) {
	const le = (n) => [n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24];
	const bytes = [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, ...le(0), ...le(0), ...le(65535), ...le(101)];
	for (const [i, packet] of packets.entries()) {
		const ms = from + i;
		const time = [...le(SECS + Math.floor(ms / 1000)), ...le((ms % 1000) * 1000)];
		bytes.push(...time, ...le(packet.length), ...le(packet.length), ...packet);
	}
	return Buffer.from(bytes);
}

/** A zip archive of `[path, bytes]`: every second member stored, the others deflated. */
export function archive(members) {
	const [parts, directory] = [[], []];
	let at = 0;
	const le = (...pairs) => {
		const out = Buffer.alloc(pairs.reduce((sum, [, len]) => sum + len, 0));
		pairs.reduce((pos, [n, len]) => out.writeUIntLE(n, pos, len), 0);
		return out;
	};
	for (const [i, [path, bytes]] of members.entries()) {
		const [name, isStored] = [Buffer.from(path), i % 2 === 1];
		const data = isStored ? bytes : deflateRawSync(bytes);
		// From the flags on, as both headers have it.
		const common = le(
			[0, 2],
			[isStored ? 0 : 8, 2],
			[0, 4],
			[crc32(bytes), 4],
			[data.length, 4],
			[bytes.length, 4],
			[name.length, 2],
			[0, 2],
		);
		directory.push(Buffer.from("PK\x01\x02\x14\0\x14\0"), common);
		directory.push(le([0, 4], [0, 6], [at, 4]), name);
		const local = [Buffer.from("PK\x03\x04\x14\0"), common, name, data];
		parts.push(...local);
		at += Buffer.concat(local).length;
	}
	const names = Buffer.concat(directory);
	const n = members.length;
	const end = le([0, 4], [n, 2], [n, 2], [names.length, 4], [at, 4], [0, 2]);
	return Buffer.concat([...parts, names, Buffer.from("PK\x05\x06"), end]);
}

let isBuilt = false;

/** Runs the project's own command, built if need be, and gives what it prints. */
export function offwire(...args) {
	if (!isBuilt) {
		execFileSync("cargo", ["build", "--quiet", "--locked", "-p", "offwire"], { cwd: ROOT });
		isBuilt = true;
	}
	const options = { cwd: ROOT, maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "pipe"] };
	return execFileSync(`${ROOT}target/debug/offwire`, args, options);
}

/** The corpus of evidence, which is no part of the repository; undefined where it is not there. */
export function corpus() {
	const path = process.env.OFFWIRE_CORPUS ?? `${ROOT}../shared/corpus`;
	return existsSync(path) ? path : undefined;
}
