// Which part of all times the timeline shows, and what is typed as a time.
import type { Timeline } from "../../shared/records.ts";
import type { Finding, Span } from "../../shared/report.ts";
import type { Axis } from "./timeline.ts";

/** The share of events that stand together before the others are left out of sight. */
const MOST = 0.9;
/** What they take of the axis then, at most: 16 pixels of a laptop's screen. In more one can choose. */
const SQUEEZED = 0.02;

const sum = (counts: number[]): number => counts.reduce((a, b) => a + b, 0);

/** All events of a timeline. */
export const totalOf = (timeline: Timeline): number =>
	sum(timeline.buckets.map((bucket) => sum(bucket.counts)));

export const axisOf = ({ first, last }: Span): Axis => ({
	first: Date.parse(first),
	last: Date.parse(last),
});

export const spanOf = ({ first, last }: Axis): Span => ({
	first: new Date(first).toISOString(),
	last: new Date(last).toISOString(),
});

/**
 * A part of the axis that shows more than all of it: that of nearly all events, where one absurd date
 * leaves them no room; or what holds anything at all, where that is less than half.
 */
export function closer(timeline: Timeline, { first, last }: Axis): Axis | undefined {
	const width = Number(timeline.width) / 1e6;
	const all = timeline.buckets.map(({ start, counts }) => ({
		at: Date.parse(start),
		n: sum(counts),
	}));
	const between = (from: number, to: number): Axis => ({
		first: Math.max(first, all[from]?.at ?? first),
		last: Math.min(last, (all[to]?.at ?? last) + width),
	});
	const share = (axis: Axis) => (axis.last - axis.first) / Math.max(1, last - first);
	const dense = together(all, width);
	const near = dense && between(...dense);
	if (near && share(near) <= SQUEEZED) {
		return near;
	}
	const whole = between(0, all.length - 1);
	return share(whole) < 0.5 ? whole : undefined;
}

/** The first and last of the buckets that hold most events in the least time, and those near by. */
function together(all: { at: number; n: number }[], width: number): [number, number] | undefined {
	const least = MOST * sum(all.map(({ n }) => n));
	const reach = (from: number, to: number) => (all[to]?.at ?? 0) + width - (all[from]?.at ?? 0);
	let best: [number, number] | undefined;
	let [from, inside] = [0, 0];
	for (const [to, { n }] of all.entries()) {
		inside += n;
		while (inside - (all[from]?.n ?? 0) >= least && from < to) {
			inside -= all[from]?.n ?? 0;
			from += 1;
		}
		if (inside >= least && (!best || reach(from, to) < reach(...best))) {
			best = [from, to];
		}
	}
	if (!best) {
		return undefined;
	}
	// No further away than they are long themselves.
	let [a, b] = best;
	for (let grown = true; grown; ) {
		const length = reach(a, b);
		grown = false;
		if (a > 0 && reach(a - 1, a) - 2 * width <= length) {
			a -= 1;
			grown = true;
		}
		if (b + 1 < all.length && reach(b, b + 1) - 2 * width <= length) {
			b += 1;
			grown = true;
		}
	}
	return [a, b];
}

/** How many findings with a time have no part of it on the axis. */
export const findingsOutside = (findings: Finding[], { first, last }: Axis): number =>
	findings.filter(
		({ when }) => when && (Date.parse(when.last) < first || Date.parse(when.first) > last),
	).length;

const TYPED = /^(\d{4}-\d\d-\d\d)(?:[T ]+(\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?\s*Z?$/i;

/**
 * What was typed as a time in UTC, as RFC 3339: what is left out is the beginning of the day, minute or
 * second, or for an end the end of it. Undefined for what is no time.
 */
export function typedTime(text: string, isEnd: boolean): string | undefined {
	const [all, day, minute, second, fraction] = TYPED.exec(text.trim()) ?? [];
	const at = `${day}T${minute ?? (isEnd ? "23:59" : "00:00")}:${second ?? (isEnd ? "59" : "00")}`;
	const ms = Date.parse(`${at}Z`);
	// The 30th of February would be the 1st of March.
	if (!all || Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(at)) {
		return undefined;
	}
	return `${at}.${(fraction ?? "").padEnd(9, fraction === undefined && isEnd ? "9" : "0")}Z`;
}
