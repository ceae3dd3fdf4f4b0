// The timeline of the case: asked anew as evidence comes in, and the part of it that was chosen.
import { effect, signal, untracked } from "@preact/signals";
import type { Timeline } from "../../shared/records.ts";
import type { Span } from "../../shared/report.ts";
import { ask, canAsk, caseNumber, generation, report } from "./case.ts";
import { draft, filter, setFilter } from "./records.ts";

/** More buckets than a wide screen has room for bars. */
const BUCKETS = 240;

export const timeline = signal<Timeline | undefined>(undefined);
/** The range on show; undefined for all of it. */
export const range = signal<Span | undefined>(undefined);

let version = 0;

async function refresh(): Promise<void> {
	const span = range.value ?? report.value?.span;
	version += 1;
	const mine = version;
	if (!span || !canAsk.value) {
		return;
	}
	const found = await ask()
		.timeline({ ...span, count: BUCKETS })
		.catch(() => undefined);
	if (mine === version && found) {
		timeline.value = found;
	}
}

/** Limits the timeline and the records to a range, or lifts the limit. */
export function limitTo(span: Span | undefined): void {
	const before = range.value && termOf(range.value);
	range.value = span;
	const rest = before
		? filter.value.replace(before, "").replace(/^ and | and $/, "")
		: filter.value;
	const term = span ? termOf(span) : "";
	const joined = [rest.trim(), term].filter(Boolean).join(" and ");
	if (joined !== draft.value) {
		setFilter(joined);
	}
	refresh();
}

const termOf = ({ first, last }: Span): string => `ts >= ${first} and ts <= ${last}`;

effect(() => {
	if (generation.value > 0) {
		untracked(refresh);
	}
});

effect(() => {
	if (caseNumber.value > 0) {
		version += 1;
		timeline.value = undefined;
		range.value = undefined;
	}
});
