// The table on show in Records: its kind, filter, order and columns, and the rows fetched for it.
import { batch, computed, effect, signal, untracked } from "@preact/signals";
import { describe } from "../../shared/link.ts";
import type {
	Column,
	ExportFormat,
	FilterError,
	Filtered,
	Row,
	Rows,
	Sort,
	Values,
} from "../../shared/records.ts";
import { cell, fittedWidth } from "../select/grid.ts";
import { quote } from "../select/pivots.ts";
import { ask, canAsk, caseNumber, generation, isRunning, report } from "./case.ts";
import { save } from "./copy.ts";
import { tell } from "./look.ts";

/** Rows asked for at once: a screen and a half. */
export const PAGE = 100;
/** Pages kept; the table asks again for what it left behind. */
const PAGES_KEPT = 40;

export const kind = signal("");
/** The filter in force, and the text being written. */
export const filter = signal("");
export const draft = signal("");
export const sort = signal<Sort | undefined>(undefined);
export const columns = signal<Column[]>([]);
/** Columns that the analyst chose to hide or to show, by kind and name. */
export const chosen = signal<ReadonlyMap<string, boolean>>(new Map());
/** Columns of the kind that have no value in its first rows: hidden unless chosen. */
export const unused = signal<ReadonlySet<string>>(new Set());
/** Pixels of the columns, by the first rows that were shown: they grow with others, and never shrink. */
export const widths = signal<ReadonlyMap<string, number>>(new Map());
export const total = signal<number | undefined>(undefined);
export const wrong = signal<FilterError | undefined>(undefined);
export const failure = signal<string | undefined>(undefined);
export const pages = signal<ReadonlyMap<number, Row[]>>(new Map());
/** How many rows of each kind pass the filter; undefined while no filter is set. */
export const passing = signal<ReadonlyMap<string, number> | undefined>(undefined);
/** The commonest values of the column that was asked about. */
export const values = signal<{ column: string; found?: Values } | undefined>(undefined);

/** The kinds there are records of, with their counts. */
export const kinds = computed(() => Object.entries(report.value?.records ?? {}));

const choiceOf = (name: string): string => `${kind.value} ${name}`;

export const isShown = (name: string): boolean =>
	chosen.value.get(choiceOf(name)) ?? !unused.value.has(name);

/** The columns on show, each with its place in the rows. */
export const shownColumns = computed(() =>
	columns.value
		.map((column, index) => ({ column, index }))
		.filter(({ column }) => isShown(column.name)),
);

/** Grows with every change of the question: kind, filter, order, or more evidence. */
export const question = signal(0);

/** Grows when other rows are asked for than before: the table begins at its top again. */
export const otherRows = signal(0);
/** True until the first of them are there. */
export const isWaiting = signal(false);

const asked = new Set<number>();
/** Which version of the question each page answers. */
const answers = new Map<number, number>();
let version = 0;

export const rowAt = (index: number): Row | undefined =>
	pages.value.get(Math.floor(index / PAGE))?.[index % PAGE];

/** Fetches the rows `first` to `last`, as far as they are not there yet. */
export function want(first: number, last: number): void {
	if (!kind.value) {
		return;
	}
	for (let page = Math.floor(first / PAGE); page <= Math.floor(last / PAGE); page++) {
		if (answers.get(page) !== version && !asked.has(page)) {
			fetchPage(page);
		}
	}
}

async function fetchPage(page: number): Promise<void> {
	const mine = version;
	asked.add(page);
	answers.set(page, mine);
	const query = { kind: kind.value, filter: filter.value, from: page * PAGE, count: PAGE };
	try {
		const rows = await ask().rows(sort.value ? { ...query, sort: sort.value } : query);
		if (mine === version) {
			take(page, rows);
		}
	} catch (error) {
		if (mine === version) {
			failure.value = describe(error);
			isWaiting.value = false;
		}
	} finally {
		if (mine === version) {
			asked.delete(page);
		}
	}
}

function take(page: number, rows: Filtered<Rows>): void {
	batch(() => {
		failure.value = undefined;
		if ("wrong" in rows) {
			wrong.value = rows.wrong;
			isWaiting.value = false;
			return;
		}
		wrong.value = undefined;
		columns.value = rows.ok.columns;
		if (page === 0 && !filter.value) {
			unused.value = withoutValues(rows.ok);
		}
		// While files are read no column moves.
		if (page === 0 && (isWaiting.value || !isRunning.value)) {
			widths.value = widthsFor(rows.ok);
		}
		total.value = rows.ok.total;
		// The first answer to another question takes the place of all rows of the one before.
		const others = isWaiting.value ? [] : [...pages.value].filter(([p]) => p !== page);
		isWaiting.value = false;
		for (const [forgotten] of others.splice(0, others.length - PAGES_KEPT)) {
			answers.delete(forgotten);
		}
		pages.value = new Map([...others, [page, rows.ok.rows]]);
	});
}

/** The columns that have no value in any of these rows. */
function withoutValues({ columns: all, rows }: Rows): Set<string> {
	const empty = all.filter((_, i) => rows.every((row) => row.cells[i] === undefined));
	return new Set(empty.map((column) => column.name));
}

/** The widths that show these rows, and at least those there are. */
function widthsFor({ columns: all, rows }: Rows): Map<string, number> {
	return new Map(
		all.map((column, i) => {
			const texts = rows.map((row) => cell(column, row.cells[i]).text);
			const width = fittedWidth(column, texts);
			return [column.name, Math.max(width, widths.value.get(column.name) ?? 0)];
		}),
	);
}

/** Asks anew for everything on show; for other rows, those on show stay until the first are there. */
function restart(isOther: boolean): void {
	version += 1;
	question.value = version;
	asked.clear();
	if (isOther) {
		otherRows.value += 1;
		isWaiting.value = true;
		values.value = undefined;
	}
	if (kind.value && canAsk.value) {
		fetchPage(0);
		countPassing();
	}
}

/** Counts the rows that pass, kind by kind: a value's other places are one click away. */
async function countPassing(): Promise<void> {
	const mine = version;
	const text = filter.value;
	if (!text) {
		passing.value = undefined;
		return;
	}
	const counts = new Map<string, number>();
	for (const [name] of kinds.value) {
		const rows = await ask()
			.rows({ kind: name, filter: text, from: 0, count: 0 })
			.catch(() => undefined);
		if (mine !== version || !rows || "wrong" in rows) {
			return;
		}
		counts.set(name, rows.ok.total);
	}
	passing.value = counts;
}

export function openKind(name: string): void {
	if (name === kind.value) {
		return;
	}
	batch(() => {
		kind.value = name;
		sort.value = undefined;
		columns.value = [];
		widths.value = new Map();
		unused.value = new Set();
		pages.value = new Map();
		total.value = undefined;
		restart(true);
	});
}

export function setFilter(text: string): void {
	batch(() => {
		draft.value = text;
		filter.value = text.trim();
		restart(true);
	});
}

/** Ascending, descending, as in the evidence. */
export function sortBy(column: string): void {
	const now = sort.value;
	if (now?.column !== column) {
		sort.value = { column, is_descending: false };
	} else {
		sort.value = now.is_descending ? undefined : { column, is_descending: true };
	}
	restart(true);
}

export function toggleColumn(name: string): void {
	chosen.value = new Map(chosen.value).set(choiceOf(name), !isShown(name));
}

export function showAllColumns(): void {
	chosen.value = new Map([
		...chosen.value,
		...columns.value.map((c) => [choiceOf(c.name), true] as const),
	]);
}

/** Narrows the filter to rows with this value, or without it. */
export function narrow(column: string, value: string | undefined, isOut: boolean): void {
	const term = value === undefined ? `${column} is unset` : `${column} == ${quote(value)}`;
	const added = isOut ? `not (${term})` : term;
	const before = filter.value;
	const joined = /\bor\b/.test(before) ? `(${before}) and ${added}` : `${before} and ${added}`;
	setFilter(before ? joined : added);
}

/** Opens the table where a filter finds most, or the kind that is given. */
export async function openWith(text: string, name?: string): Promise<void> {
	setFilter(text);
	if (name) {
		openKind(name);
		return;
	}
	await countPassing();
	const best = [...(passing.value ?? [])].sort((a, b) => b[1] - a[1])[0];
	openKind(best && best[1] > 0 ? best[0] : kind.value || (kinds.value[0]?.[0] ?? ""));
}

/** Counts the values of a column among the rows that pass. */
export async function askValues(column: string): Promise<void> {
	values.value = { column };
	const query = { kind: kind.value, filter: filter.value, column, count: 50 };
	const found = await ask().values(query);
	if (values.value?.column === column && "ok" in found) {
		values.value = { column, found: found.ok };
	}
}

const ENDINGS: Record<ExportFormat, string> = {
	"zeek-json": "json.log",
	"zeek-tsv": "log",
	csv: "csv",
};

/** Saves all rows that pass. The file is named by the kind, never by the evidence. */
export async function exportAs(format: ExportFormat): Promise<void> {
	const query = { kind: kind.value, filter: filter.value, format };
	tell("Writing the table…");
	try {
		const blob = await ask().write(sort.value ? { ...query, sort: sort.value } : query);
		save(`offwire-${kind.value}.${ENDINGS[format]}`, blob);
	} catch (error) {
		tell(`Not saved: ${describe(error)}`);
	}
}

effect(() => {
	if (caseNumber.value > 0) {
		untracked(() => {
			kind.value = "";
			sort.value = undefined;
			columns.value = [];
			chosen.value = new Map();
			pages.value = new Map();
			total.value = undefined;
			setFilter("");
		});
	}
});

// While evidence is read the counts move on; the rows that are there stay where they are.
effect(() => {
	if (generation.value > 0) {
		untracked(() => restart(false));
	}
});
