// What the list of findings shows, and the way from one finding to the next.
import { computed, effect, signal } from "@preact/signals";
import { type FindingsFilter, NO_FILTER, shown } from "../select/findings.ts";
import { caseNumber, findings, idOf } from "./case.ts";
import { range } from "./timeline.ts";

export const findingsFilter = signal<FindingsFilter>(NO_FILTER);

effect(() => {
	if (caseNumber.value > 0) {
		findingsFilter.value = NO_FILTER;
	}
});

/** The findings that pass the filter and, where they have a time, touch the chosen range. */
export const listed = computed(() => {
	const span = range.value;
	const passing = shown(findings.value, findingsFilter.value);
	if (!span) {
		return passing;
	}
	const [first, last] = [Date.parse(span.first), Date.parse(span.last)];
	return passing.filter(
		({ when }) => !when || (Date.parse(when.last) >= first && Date.parse(when.first) <= last),
	);
});

/** A finding in the list. */
export type Place = ReturnType<typeof placeOf>;

/** The finding with this number, and its neighbours in the list. */
export function placeOf(id: number) {
	const all = listed.value;
	const index = all.findIndex((f) => idOf(f) === id);
	const finding = all[index] ?? findings.value.find((f) => idOf(f) === id);
	const neighbour = (by: number) => {
		const found = index < 0 ? undefined : all[index + by];
		return found && idOf(found);
	};
	return { finding, index, total: all.length, before: neighbour(-1), after: neighbour(1) };
}
