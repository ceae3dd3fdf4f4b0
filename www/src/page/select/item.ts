// How the bytes of an item are cut up for showing: by field for a line, by sixteen for a packet.
import type { Item, ItemField } from "../../shared/records.ts";
import { plainOf } from "./text.ts";

export interface Segment {
	start: number;
	bytes: Uint8Array;
	/** Index of the field it belongs to; -1 for what lies between. */
	field: number;
}

/** The innermost field over a byte; -1 for none. */
export function fieldAt(fields: ItemField[], at: number): number {
	let best = -1;
	for (const [index, { start, len }] of fields.entries()) {
		const covers = at >= start && at < start + len;
		// Of two that cover it the later one is the inner one: fields come outermost first.
		if (covers && len <= (fields[best]?.len ?? Number.POSITIVE_INFINITY)) {
			best = index;
		}
	}
	return best;
}

/** A line cut where its fields begin and end; together the segments are the line. */
export function segments({ bytes, fields }: Item): Segment[] {
	const cuts = new Set([0, bytes.length]);
	for (const { start, len } of fields) {
		if (len > 0) {
			cuts.add(Math.min(start, bytes.length));
			cuts.add(Math.min(start + len, bytes.length));
		}
	}
	const sorted = [...cuts].sort((a, b) => a - b);
	return sorted.slice(0, -1).map((start, i) => ({
		start,
		bytes: bytes.subarray(start, sorted[i + 1]),
		field: fieldAt(fields, start),
	}));
}

const BYTES = Array.from({ length: 256 }, (_, byte) => byte);
/** Each byte as two digits, and as a character: a stream has a million of them to draw. */
const HEX = BYTES.map((byte) => byte.toString(16).padStart(2, "0"));
const CHARS = BYTES.map((byte) => plainOf(Uint8Array.of(byte)));

/** Bytes as other tools take them: two digits each, sixteen in a line. */
export const hexText = (bytes: Uint8Array): string =>
	Array.from(
		bytes,
		(byte, i) => `${HEX[byte]}${i === bytes.length - 1 ? "" : i % 16 === 15 ? "\n" : " "}`,
	).join("");

export interface HexRow {
	at: number;
	cells: { at: number; hex: string; char: string }[];
}

/** Bytes in rows of sixteen, as hex and as the characters that are plain ASCII. */
export function byteRows(bytes: Uint8Array): HexRow[] {
	const rows: HexRow[] = [];
	for (let at = 0; at < bytes.length; at += 16) {
		const cells = Array.from(bytes.subarray(at, at + 16), (byte, i) => ({
			at: at + i,
			hex: HEX[byte] ?? "",
			char: CHARS[byte] ?? "",
		}));
		rows.push({ at, cells });
	}
	return rows;
}
