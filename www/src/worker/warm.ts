// Runs the core over small captures before there is evidence, so that it is fast when there is.
import type { Report } from "../shared/report.ts";
import { Case } from "../wasm/offwire_wasm.js";
import { rows, timeline } from "./tables.ts";

/**
 * The browser compiles a function of the core well only once it has run for long, and that on the
 * cores that the analysis needs. After so many rounds nearly all of the functions that matter are
 * compiled, in one or two seconds; with half as many, captures of TLS were read more slowly.
 */
const ROUNDS = 40;

/** What the page asks for behind its first report: the timeline, and the first rows of a table. */
const BUCKETS = 240;
const ROWS = { kind: "conn", filter: "", from: 0, count: 100 };

/**
 * Analyses the captures again and again, each round as a new case: one that goes on grows, and warms
 * no better. Before each round it asks whether that is still wanted.
 */
export async function warm(
	captures: ArrayBuffer[],
	isWanted: () => boolean,
	breathe: () => Promise<void>,
): Promise<void> {
	for (let round = 0; round < ROUNDS && isWanted(); round++) {
		const scratch = new Case(undefined);
		for (const [index, bytes] of captures.entries()) {
			analyse(scratch, String(index), bytes);
		}
		ask(scratch);
		scratch.free();
		await breathe();
	}
}

function analyse(scratch: Case, name: string, bytes: ArrayBuffer): void {
	const described = { name, size: bytes.byteLength, sensor: "", site: "", more_follow: false };
	const id = scratch.open(new File([bytes], name), described);
	const chunk = new Uint8Array(bytes);
	for (let from = 0; from < chunk.length; ) {
		from += scratch.feed(id, chunk, from);
	}
	scratch.close(id);
}

function ask(scratch: Case): void {
	const { span } = scratch.report() as Report;
	if (span) {
		timeline(scratch, span.first, span.last, BUCKETS);
	}
	rows(scratch, ROWS);
}
