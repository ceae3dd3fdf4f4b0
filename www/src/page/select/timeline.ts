// Lanes of the timeline, one a kind: buckets as places on the axis, and the axis' own marks.
import type { Timeline } from "../../shared/records.ts";
import type { Finding } from "../../shared/report.ts";

export interface Bar {
	/** Left edge and width as parts of the whole, 0 to 1. */
	x: number;
	w: number;
	/** Height as a part of the lane, 0 to 1; never so small that it cannot be seen. */
	h: number;
	n: number;
	start: number;
}

export interface Lane {
	kind: string;
	total: number;
	bars: Bar[];
}

export interface Axis {
	first: number;
	last: number;
}

/** The lanes with events in them. Heights are by the square root: one flood leaves the rest in sight. */
export function lanes(timeline: Timeline, { first, last }: Axis): Lane[] {
	const range = Math.max(1, last - first);
	const width = Number(timeline.width) / 1e6;
	return timeline.kinds.flatMap((kind, index) => {
		const counts = timeline.buckets.map((b) => b.counts[index] ?? 0);
		const most = counts.reduce((a, b) => Math.max(a, b), 0);
		const total = counts.reduce((a, b) => a + b, 0);
		if (most === 0) {
			return [];
		}
		const bars = timeline.buckets.flatMap((bucket, i) => {
			const n = counts[i] ?? 0;
			const start = Date.parse(bucket.start);
			const bar = { x: (start - first) / range, w: width / range, n, start };
			return n > 0 ? [{ ...bar, h: Math.max(0.12, Math.sqrt(n / most)) }] : [];
		});
		return [{ kind, total, bars }];
	});
}

const DAY_MS = 86_400_000;
const STEPS_MS = [
	1,
	10,
	100,
	1000,
	5000,
	15_000,
	60_000,
	300_000,
	900_000,
	3_600_000,
	10_800_000,
	43_200_000,
	DAY_MS,
	7 * DAY_MS,
];
/** Beyond days, steps are by the calendar: in months. */
const STEPS_MONTHS = [1, 3, 6, 12, 24, 60, 120, 600];
const MONTH_MS = 30.4375 * DAY_MS;

/** Marks of the axis: round times, at most about `most` of them. */
export function marks(
	{ first, last }: Axis,
	most: number,
): { at: number; x: number; text: string }[] {
	const range = Math.max(1, last - first);
	const step = STEPS_MS.find((ms) => range / ms <= most);
	const months = STEPS_MONTHS.find((n) => range / (n * MONTH_MS) <= most) ?? 1200;
	const times = step ? everyStep(first, last, step) : everyMonths(first, last, months);
	const unit = step ?? months * MONTH_MS;
	return times.map((at) => ({ at, x: (at - first) / range, text: label(at, unit) }));
}

function everyStep(first: number, last: number, step: number): number[] {
	const from = Math.ceil(first / step);
	const n = Math.floor(last / step) - from + 1;
	return Array.from({ length: Math.max(0, n) }, (_, i) => (from + i) * step);
}

function everyMonths(first: number, last: number, step: number): number[] {
	const begin = new Date(first);
	const month = begin.getUTCFullYear() * 12 + begin.getUTCMonth();
	const found: number[] = [];
	for (let at = Math.ceil(month / step) * step; ; at += step) {
		const time = Date.UTC(Math.floor(at / 12), at % 12);
		if (time > last || Number.isNaN(time)) {
			return found;
		}
		if (time >= first) {
			found.push(time);
		}
	}
}

function label(at: number, step: number): string {
	const text = new Date(at).toISOString();
	if (step >= 11.5 * MONTH_MS) {
		return text.slice(0, 4);
	}
	if (step >= 28 * DAY_MS) {
		return text.slice(0, 7);
	}
	if (step >= DAY_MS) {
		return text.slice(0, 10);
	}
	if (step >= 60_000) {
		return text.slice(11, 16) === "00:00" ? text.slice(0, 10) : text.slice(11, 16);
	}
	return step >= 1000 ? text.slice(11, 19) : text.slice(14, 23);
}

/** Places for marks on the axis: a mark is as wide as one of them on a laptop's screen. */
export const PLACES = 72;

/** Findings that lie in one place, the weightiest first, and how far they reach. */
export interface Mark {
	findings: [Finding, ...Finding[]];
	/** Which of the places of the axis. */
	place: number;
	/** Left edge and width as parts of the whole. */
	x: number;
	w: number;
}

/** Where findings lie in time: marks above the lanes, of which there are never more than places. */
export function findingMarks(findings: Finding[], { first, last }: Axis): Mark[] {
	const range = Math.max(1, last - first);
	const marks = new Map<number, Mark>();
	for (const finding of findings) {
		if (!finding.when) {
			continue;
		}
		const from = (Date.parse(finding.when.first) - first) / range;
		const to = (Date.parse(finding.when.last) - first) / range;
		if (to < 0 || from > 1) {
			continue;
		}
		// One that began before or goes on behind is shown where it can be.
		const x = Math.max(0, from);
		const w = Math.max(0, Math.min(1, to) - x);
		const place = Math.min(Math.floor(x * PLACES), PLACES - 1);
		const mark = marks.get(place);
		if (mark) {
			const end = Math.max(mark.x + mark.w, x + w);
			mark.findings.push(finding);
			mark.x = Math.min(mark.x, x);
			mark.w = end - mark.x;
		} else {
			marks.set(place, { findings: [finding], place, x, w });
		}
	}
	return [...marks.values()].sort((a, b) => a.x - b.x);
}

/** Where a bar is drawn, as parts of the whole: never narrower than `least`, nor out of the lane. */
export function extent(bar: Bar, least: number): { x: number; w: number } {
	const w = Math.max(least, bar.w);
	return { x: Math.min(Math.max(0, bar.x), 1 - w), w };
}

/** The bar that is drawn at a place of the axis. */
export function barAt(lane: Lane, at: number, least: number): Bar | undefined {
	return lane.bars.find((bar) => {
		const { x, w } = extent(bar, least);
		return x <= at && at <= x + w;
	});
}
