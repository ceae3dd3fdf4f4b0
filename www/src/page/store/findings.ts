// What the list of findings shows, and the way from one finding to the next.
import { computed, effect, signal } from "@preact/signals";
import type { Finding } from "../../shared/report.ts";
import {
	byWords,
	type FindingsFilter,
	folded,
	isFold,
	type Line,
	NO_FILTER,
	type Order,
	ordered,
	sameWords,
	shown,
} from "../select/findings.ts";
import { caseNumber, findings, idOf, isRunning, report } from "./case.ts";
import { range } from "./timeline.ts";

/** Findings of one rule and severity that are listed openly; the others fold into one line. */
const HANDFUL = 5;

export const findingsFilter = signal<FindingsFilter>(NO_FILTER);
/** The order asked for; it holds once all is read, since until then lines would jump. */
export const order = signal<Order>("gravest");
/** The folds that are open. */
export const openFolds = signal<ReadonlySet<string>>(new Set());

effect(() => {
	if (caseNumber.value > 0) {
		findingsFilter.value = NO_FILTER;
		order.value = "gravest";
		openFolds.value = new Set();
	}
});

/** The findings that touch the chosen range, and those without a time. */
export const inRange = computed(() => {
	const span = range.value;
	if (!span) {
		return findings.value;
	}
	const [first, last] = [Date.parse(span.first), Date.parse(span.last)];
	return findings.value.filter(
		({ when }) => !when || (Date.parse(when.last) >= first && Date.parse(when.first) <= last),
	);
});

/** Of these the ones that pass the filter. */
const passing = computed(() => shown(inRange.value, findingsFilter.value));

/** The lines of the list: who asks for one rule, or for another order, wants no folds. */
export const lines = computed((): Line[] => {
	if (order.value !== "gravest" && !isRunning.value) {
		return ordered(passing.value, order.value);
	}
	return folded(passing.value, findingsFilter.value.rule ? Infinity : HANDFUL);
});

/** The findings in the order of their lines, those behind a fold too. */
export const listed = computed(() =>
	lines.value.flatMap((line): Finding[] => (isFold(line) ? line.findings : [line])),
);

/** What a rule is called. */
export const ruleTitle = (rule: string): string =>
	report.value?.coverage.find((c) => c.rule === rule)?.title ?? rule;

const sameOnes = computed(() => byWords(findings.value));

/** The findings that say the same of other evidence. */
export const twinsOf = (finding: Finding): Finding[] =>
	(sameOnes.value.get(sameWords(finding)) ?? []).filter((other) => other.key !== finding.key);

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
