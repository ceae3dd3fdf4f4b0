// Numbers, sizes, times and spans as the page writes them: with units, and times always in UTC.
import type { Clock, Span } from "../../shared/report.ts";

const GROUPED = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** `1,234,567`. */
export const count = (n: number | bigint): string => GROUPED.format(n);

const SHORT = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

/** `1,234`, `12.3M`: where there is little room. */
export const short = (n: number | bigint): string => (n < 100_000 ? count(n) : SHORT.format(n));

/** `1 file`, `2 files`. */
export function plural(n: number | bigint, one: string, many = `${one}s`): string {
	return `${count(n)} ${Number(n) === 1 ? one : many}`;
}

/** `0 B`, `12.3 kB`, `2.1 GB`: decimal units, three figures. */
export function size(bytes: number | bigint): string {
	let n = Number(bytes);
	const units = ["B", "kB", "MB", "GB", "TB"];
	let unit = 0;
	while (n >= 999.5 && unit < units.length - 1) {
		n /= 1000;
		unit += 1;
	}
	const digits = unit === 0 || n >= 100 ? 0 : n >= 10 ? 1 : 2;
	return `${n.toFixed(digits)} ${units[unit]}`;
}

/** `840 ms`, `44 s`, `12 min`, `3.4 h`, `281 days`. */
export function span(ms: number): string {
	const steps: [number, string][] = [
		[86_400_000, "days"],
		[3_600_000, "h"],
		[60_000, "min"],
		[1000, "s"],
	];
	for (const [unit, name] of steps) {
		if (ms >= unit * (name === "days" ? 2 : 1)) {
			const n = ms / unit;
			return `${n >= 10 ? Math.round(n) : Number(n.toFixed(1))} ${name}`;
		}
	}
	return `${Math.round(ms)} ms`;
}

/** `2023-08-29 13:58:55.809` of RFC 3339 text; the zone is shown once, beside the column. */
export function time(rfc3339: string): string {
	const [whole = "", fraction = ""] = rfc3339.replace("T", " ").replace("Z", "").split(".");
	const digits = fraction.replace(/0+$/, "");
	// In thirds of nine, so that times below each other line up.
	const width = Math.ceil(digits.length / 3) * 3;
	return width > 0 ? `${whole}.${digits.padEnd(width, "0")}` : whole;
}

/** To the second: for lists, where the fraction only makes noise. */
export const second = (rfc3339: string): string => time(rfc3339).slice(0, 19);

/** First and last as one text; the day is not said twice. */
export function when({ first, last }: Span): string {
	const [a, b] = [second(first), second(last)];
	if (a === b) {
		return a;
	}
	return a.slice(0, 10) === b.slice(0, 10) ? `${a} – ${b.slice(11)}` : `${a} – ${b}`;
}

export const lasted = ({ first, last }: Span): number => Date.parse(last) - Date.parse(first);

/** What the zone of a source's times rests on. */
export const CLOCKS: Record<Clock, string> = {
	utc: "UTC, by the data itself",
	"utc-by-format": "UTC by the format's rule, not by the file",
	unknown: "zone not named: read as UTC",
	none: "no times",
};

/** `eta` of work with a rate: undefined while nobody can say. */
export function timeLeft(done: number, total: number, rate: number): string | undefined {
	return rate > 0 && total > done ? `${span(((total - done) * 1000) / rate)} left` : undefined;
}
