// The columns of a kind, asked for once: they are the same in every case.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Column } from "../../shared/records.ts";
import { ask, canAsk } from "./case.ts";

const known = signal<ReadonlyMap<string, Column[]>>(new Map());
const asked = new Set<string>();

async function learn(kind: string): Promise<void> {
	asked.add(kind);
	try {
		const found = await ask().rows({ kind, filter: "", from: 0, count: 0 });
		if ("ok" in found) {
			known.value = new Map(known.value).set(kind, found.ok.columns);
		}
	} catch {
		// Asked again for the next row that wants them; until then its addresses are told by their look.
		asked.delete(kind);
	}
}

/** The columns of a kind; none until they are there. */
export function useColumns(kind: string): Column[] {
	const can = canAsk.value;
	useEffect(() => {
		if (can && kind && !asked.has(kind)) {
			learn(kind);
		}
	}, [can, kind]);
	return known.value.get(kind) ?? [];
}
