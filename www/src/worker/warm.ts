// Runs the core over small captures before there is evidence, so that it is fast when there is.
import { Case } from "../wasm/offwire_wasm.js";

/**
 * The browser compiles a function of the core well only once it has run for long, and that on the
 * cores that the analysis needs. After so many rounds nearly all of the functions that matter are
 * compiled; it takes one or two seconds.
 */
const ROUNDS = 200;

/** Analyses the captures again and again; between two rounds it asks whether that is still wanted. */
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
		scratch.report();
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
