// Followed streams cut up for showing: parts of one side or both, as lines of text or rows of hex.
import type { Followed, Part } from "../../shared/evidence.ts";
import { byteRows, type HexRow } from "./item.ts";
import { fromBytes, visible } from "./text.ts";

export type Side = "both" | "orig" | "resp";

export interface Shown {
	part: Part;
	/** Its bytes, or the first of them; none for a gap. */
	bytes: Uint8Array;
	/** Offset of its first byte in its side's stream, gaps counted. */
	start: number;
}

/** The parts of a side, up to this many bytes; `left` counts the bytes behind. */
export function partsOf(
	followed: Followed,
	side: Side,
	most: number,
): { shown: Shown[]; left: number } {
	const shown: Shown[] = [];
	let room = most;
	let left = 0;
	const gaps = { orig: 0, resp: 0 };
	for (const part of followed.parts) {
		const its = part.isOrig ? "orig" : "resp";
		if ("gap" in part) {
			gaps[its] += part.gap;
		}
		if (side !== "both" && its !== side) {
			continue;
		}
		if ("gap" in part) {
			if (room > 0) {
				shown.push({ part, bytes: new Uint8Array(), start: 0 });
			}
			continue;
		}
		const stream = part.isOrig ? followed.orig : followed.resp;
		const bytes = stream.subarray(part.start, part.start + Math.min(part.len, room));
		if (bytes.length > 0) {
			shown.push({ part, bytes, start: part.start + gaps[its] });
		}
		room -= bytes.length;
		left += part.len - bytes.length;
	}
	return { shown, left };
}

/** Bytes as lines: a line feed ends one, tabs stay, all else that deceives is made visible. */
export function textOf(bytes: Uint8Array): string {
	return fromBytes(bytes)
		.replaceAll("\r\n", "\n")
		.split("\n")
		.map((line) => line.split("\t").map(visible).join("\t"))
		.join("\n");
}

/** Rows of sixteen, numbered by their place in the stream. */
export const hexOf = ({ bytes, start }: Shown): HexRow[] =>
	byteRows(bytes).map((row) => ({ ...row, at: row.at + start }));
