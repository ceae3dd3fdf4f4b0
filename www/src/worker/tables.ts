// Turns the core's tables, typed arrays and a heap of text, into the rows that the page draws.
import type {
	CellValue,
	Column,
	ExportQuery,
	Filtered,
	Rows,
	RowsQuery,
	Timeline,
} from "../shared/records.ts";
import type { Origin } from "../shared/report.ts";
import type { Case } from "../wasm/offwire_wasm.js";

interface RawColumn extends Column {
	isSet: Uint8Array;
	shape: "bools" | "counts" | "ints" | "texts" | "text-lists" | "int-lists";
	a: Uint8Array | Uint32Array | BigUint64Array | BigInt64Array;
	b?: Uint32Array | BigInt64Array;
}

interface RawRows {
	columns: RawColumn[];
	heap: Uint8Array;
	at: Origin[];
	total: bigint;
}

const UTF8 = new TextDecoder();
const NANOS = 1_000_000_000n;

/** A time as the core writes it: RFC 3339, with as many digits as it has. */
export function timeText(nanos: bigint): string {
	const secs = nanos >= 0n ? nanos / NANOS : -((-nanos + NANOS - 1n) / NANOS);
	const rest = String(nanos - secs * NANOS)
		.padStart(9, "0")
		.replace(/0+$/, "");
	const whole = new Date(Number(secs) * 1000).toISOString().slice(0, 19);
	return `${whole}${rest && `.${rest}`}Z`;
}

/** Nanoseconds since 1970 of RFC 3339 text in UTC. */
export function nanosOf(text: string): bigint {
	const [, whole = "", fraction = ""] = /^([^.Z]*)(?:\.(\d{1,9}))?Z?$/.exec(text) ?? [];
	return BigInt(Date.parse(`${whole}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
}

/** A span as exact seconds, without digits that say nothing. */
export function secondsText(nanos: bigint): string {
	const abs = nanos < 0n ? -nanos : nanos;
	const fraction = String(abs % NANOS)
		.padStart(9, "0")
		.replace(/0+$/, "");
	return `${nanos < 0n ? "-" : ""}${abs / NANOS}${fraction && `.${fraction}`}`;
}

function list<T>(rows: ArrayLike<number | bigint>, row: number, member: (at: number) => T): T[] {
	const [from, to] = [Number(rows[row] ?? 0), Number(rows[row + 1] ?? 0)];
	return Array.from({ length: to - from }, (_, i) => member(from + i));
}

/** One cell as text, a list as its members; undefined when the source did not have it. */
function cell(column: RawColumn, row: number, heap: Uint8Array): CellValue {
	const { a, b = new Uint32Array() } = column;
	if (!column.isSet[row]) {
		return undefined;
	}
	const text = (bounds: ArrayLike<number | bigint>, at: number) =>
		UTF8.decode(heap.subarray(Number(bounds[at]), Number(bounds[at + 1])));
	switch (column.shape) {
		case "bools":
			return a[row] ? "T" : "F";
		case "texts":
			return text(a, row);
		case "text-lists":
			return list(a, row, (at) => text(b, at));
		case "int-lists":
			return list(a, row, (at) => secondsText(BigInt(b[at] ?? 0)));
		default:
			return numberText(column.type, BigInt(a[row] ?? 0));
	}
}

function numberText(type: string, value: bigint): string {
	if (type === "time") {
		return timeText(value);
	}
	return type === "interval" ? secondsText(value) : String(value);
}

function columnOf({ name, type, doc, entity }: RawColumn): Column {
	return entity ? { name, type, doc, entity } : { name, type, doc };
}

export function rows(theCase: Case, query: RowsQuery): Filtered<Rows> {
	const raw = theCase.rows(query) as Filtered<RawRows>;
	if ("wrong" in raw) {
		return raw;
	}
	const { columns, heap, at, total } = raw.ok;
	return {
		ok: {
			columns: columns.map(columnOf),
			total: Number(total),
			rows: at.map((origin, row) => ({
				at: origin,
				cells: columns.map((column) => cell(column, row, heap)),
			})),
		},
	};
}

interface RawTimeline {
	width: bigint;
	kinds: string[];
	starts: BigInt64Array;
	counts: BigUint64Array;
}

/** The histogram between two times, or over what the report calls the span of the evidence. */
export function timeline(theCase: Case, first: string, last: string, count: number): Timeline {
	const raw = theCase.timeline(nanosOf(first), nanosOf(last) + 1n, count) as RawTimeline;
	const n = raw.kinds.length;
	return {
		width: raw.width,
		kinds: raw.kinds,
		buckets: Array.from(raw.starts, (start, i) => ({
			start: timeText(start),
			counts: Array.from(raw.counts.subarray(i * n, (i + 1) * n), Number),
		})),
	};
}

const TYPES: Record<ExportQuery["format"], string> = {
	"zeek-json": "application/x-ndjson",
	"zeek-tsv": "text/tab-separated-values",
	csv: "text/csv",
};

/** Writes a table as a file; `breathe` lets other work in between blocks. */
export async function write(
	theCase: Case,
	query: ExportQuery,
	breathe: () => Promise<void>,
): Promise<Blob> {
	const writing = theCase.writeRows(query, query.format);
	const blocks: BlobPart[] = [];
	try {
		for (;;) {
			const block = theCase.writeOn(writing);
			if (!block) {
				return new Blob(blocks, { type: TYPES[query.format] });
			}
			blocks.push(block as Uint8Array<ArrayBuffer>);
			await breathe();
		}
	} finally {
		writing.free();
	}
}
