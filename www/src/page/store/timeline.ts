// The timeline of the case: asked anew as evidence comes in, and the part of it that was chosen.
import { batch, effect, signal, untracked } from "@preact/signals";
import type { Timeline } from "../../shared/records.ts";
import type { Span } from "../../shared/report.ts";
import { axisOf, closer, spanOf, totalOf } from "../select/range.ts";
import { ask, canAsk, caseNumber, generation, report } from "./case.ts";
import { draft, filter, setFilter } from "./records.ts";

/** More buckets than a wide screen has room for bars. */
const BUCKETS = 240;
/** Looks at ever smaller parts: each is less than half, so these reach from centuries to moments. */
const MOST_LOOKS = 48;

export const timeline = signal<Timeline | undefined>(undefined);
/** The range that was chosen; undefined for all times. */
export const range = signal<Span | undefined>(undefined);
/** What the timeline is of: less than all times where most of these would be empty. */
export const shown = signal<Span | undefined>(undefined);
/** Events outside of what is shown, where nobody chose that. */
export const nOutside = signal(0);
/** True when all times are to be shown, however empty. */
export const isWhole = signal(false);

let version = 0;

async function refresh(): Promise<void> {
	version += 1;
	const mine = version;
	const chosen = range.value;
	let span = chosen ?? report.value?.span;
	if (!span || !canAsk.value) {
		return;
	}
	const look = async (at: Span): Promise<Timeline | undefined> => {
		const found = await ask()
			.timeline({ ...at, count: BUCKETS })
			.catch(() => undefined);
		return mine === version ? found : undefined;
	};
	let found = await look(span);
	const n = found ? totalOf(found) : 0;
	for (let i = 0; found && !chosen && !isWhole.value && i < MOST_LOOKS; i++) {
		const next = closer(found, axisOf(span));
		if (!next) {
			break;
		}
		span = spanOf(next);
		found = await look(span);
	}
	if (found) {
		const [of, at] = [found, span];
		batch(() => {
			timeline.value = of;
			shown.value = at;
			nOutside.value = n - totalOf(of);
		});
	}
}

/** Shows all times, or again the part of them that most events are in. */
export function showWhole(isWanted: boolean): void {
	isWhole.value = isWanted;
	refresh();
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
		batch(() => {
			timeline.value = undefined;
			range.value = undefined;
			shown.value = undefined;
			nOutside.value = 0;
			isWhole.value = false;
		});
	}
});
