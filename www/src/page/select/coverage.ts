// Sums over coverage, notes and sources; pure functions of the report.
import type { NoteRow, Report, Source, Weight } from "../../shared/report.ts";
import { groupBy } from "./group.ts";

export const totalEvents = (report: Report): bigint =>
	Object.values(report.records).reduce((sum, { seen }) => sum + seen, 0n);

export const filesOnly = (sources: Source[]): Source[] =>
	sources.filter((s) => s.parent === undefined);

const ORDER: readonly Weight[] = ["error", "data-loss", "notice", "info"];

export interface NoteSum {
	code: string;
	weight: Weight;
	meaning: string;
	total: bigint;
	rows: NoteRow[];
}

/** Notes of one kind together, the gravest first. */
export function byCode(notes: NoteRow[]): NoteSum[] {
	const sums = new Map<string, NoteSum>();
	for (const row of notes) {
		const { code, weight, meaning } = row;
		const sum = sums.get(code) ?? { code, weight, meaning, total: 0n, rows: [] };
		sums.set(code, { ...sum, total: sum.total + row.count, rows: [...sum.rows, row] });
	}
	const rank = (sum: NoteSum) => ORDER.indexOf(sum.weight);
	return [...sums.values()].sort((a, b) => rank(a) - rank(b) || (a.code < b.code ? -1 : 1));
}

/** A source, and how deep it lies in its file. */
export interface Inside {
	source: Source;
	depth: number;
}

/** What each file holds, by the file's number and in the order of a tree: itself first. */
export function byFile(sources: Source[]): Map<number, Inside[]> {
	const inner = groupBy(sources, (source) => source.parent);
	const from = (source: Source, depth: number): Inside[] => [
		{ source, depth },
		...(inner.get(source.id) ?? []).flatMap((below) => from(below, depth + 1)),
	];
	return new Map((inner.get(undefined) ?? []).map((file) => [file.id, from(file, 0)]));
}

/** Notes by the source that they are about. */
export const byNode = (notes: NoteRow[]): Map<number, NoteRow[]> =>
	groupBy(notes, (note) => note.node);

/** Events of a source over all kinds. */
export const eventsOf = (source: Source): bigint =>
	Object.values(source.events).reduce((sum, { count }) => sum + count, 0n);

/** The sources with events of one of these kinds. */
export function sourcesWith(kinds: string[], sources: Source[]): Source[] {
	return sources.filter((s) => kinds.some((kind) => (s.events[kind]?.count ?? 0n) > 0n));
}

/** True for a source whose packets can be listed, followed and carved. */
export const isCapture = (source: Source): boolean => source.item_noun === "packet";

/**
 * Captures that are read as one, in their order: those that go on with each other, and those of taps
 * of one network. What stands alone is a series of one.
 */
export function seriesOf(sources: Source[]): Source[][] {
	const byId = new Map(sources.map((source) => [source.id, source]));
	const root = (source: Source): number => {
		const before = source.continues ?? source.beside;
		// A capture goes on with an earlier one, so this ends.
		const found = before === undefined || before >= source.id ? undefined : byId.get(before);
		return found ? root(found) : source.id;
	};
	return [...groupBy(sources.filter(isCapture), root).values()];
}

/** The numbers of the files that these sources lie in. */
export function filesOf(some: Source[], sources: Source[]): Set<number> {
	const byId = new Map(sources.map((source) => [source.id, source]));
	const fileOf = ({ id, parent }: Source): number => {
		const outer = parent === undefined ? undefined : byId.get(parent);
		return outer ? fileOf(outer) : id;
	};
	return new Set(some.map(fileOf));
}

/** Whether no reader took what is in it. */
export const isUnread = (source: Source): boolean => source.refusals.length > 0;

/** Whether a reader took it and found no record: a log without rows, or what only tells more of others. */
export const isMute = (source: Source, sources: Source[]): boolean =>
	source.format !== undefined &&
	eventsOf(source) === 0n &&
	!sources.some((inner) => inner.parent === source.id);
