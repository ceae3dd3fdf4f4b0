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

const STEPS_MS = [
	1, 10, 100, 1000, 5000, 15_000, 60_000, 300_000, 900_000, 3_600_000, 10_800_000, 43_200_000,
	86_400_000, 604_800_000, 2_629_800_000, 7_889_400_000, 31_557_600_000, 315_576_000_000,
];

/** Marks of the axis: round times, at most `most` of them. */
export function marks(
	{ first, last }: Axis,
	most: number,
): { at: number; x: number; text: string }[] {
	const range = Math.max(1, last - first);
	const step = STEPS_MS.find((ms) => range / ms <= most) ?? range;
	const found = [];
	for (let at = Math.ceil(first / step) * step; at <= last && found.length <= most; at += step) {
		found.push({ at, x: (at - first) / range, text: label(at, step) });
	}
	return found;
}

function label(at: number, step: number): string {
	const text = new Date(at).toISOString();
	if (step >= 31_557_600_000) {
		return text.slice(0, 4);
	}
	if (step >= 86_400_000) {
		return text.slice(0, 10);
	}
	if (step >= 60_000) {
		return text.slice(11, 16) === "00:00" ? text.slice(0, 10) : text.slice(11, 16);
	}
	return step >= 1000 ? text.slice(11, 19) : text.slice(14, 23);
}

/** Where findings lie in time: marks above the lanes. */
export function findingMarks(findings: Finding[], { first, last }: Axis) {
	const range = Math.max(1, last - first);
	return findings.flatMap((finding) => {
		if (!finding.when) {
			return [];
		}
		const x = (Date.parse(finding.when.first) - first) / range;
		const end = (Date.parse(finding.when.last) - first) / range;
		return x >= 0 && x <= 1 ? [{ finding, x, w: Math.max(0, Math.min(1, end) - x) }] : [];
	});
}
