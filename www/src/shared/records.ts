// The tables of events as they cross to JavaScript: what the page asks for and what it gets.
import type { Origin } from "./report.ts";

export interface Sort {
	column: string;
	is_descending: boolean;
}

/** Rows `from` to `from + count` of a kind, of those that pass the filter, in the given order. */
export interface RowsQuery {
	kind: string;
	filter: string;
	sort?: Sort;
	from: number;
	count: number;
}

/** What a value stands for; each has a view of its own. */
export type EntityKind = "account" | "certificate" | "fingerprint" | "host" | "name";

export interface Column {
	name: string;
	/** Zeek's name of the type. */
	type: string;
	doc: string;
	/** What the column's values stand for. */
	entity?: EntityKind;
}

/** As text, of a list its members; undefined when the source did not have it. */
export type CellValue = string | string[] | undefined;

export interface Row {
	at: Origin;
	/** One a column. */
	cells: CellValue[];
}

export interface Rows {
	columns: Column[];
	/** Rows that pass the filter. */
	total: number;
	rows: Row[];
}

/** Why a filter cannot be read, and where: bytes of its UTF-8. */
export interface FilterError {
	at: bigint;
	len: bigint;
	message: string;
}

export interface ValuesQuery {
	kind: string;
	filter: string;
	column: string;
	count: number;
}

/** The commonest values of a column. */
export interface Values {
	/** Each with a filter for the rows that have it. */
	top: { value: string; count: bigint; filter: string }[];
	/** How many different values there are. */
	n_distinct: bigint;
	/** Rows that were counted, and those of them that do not have the field. */
	n_rows: bigint;
	n_unset: bigint;
}

export type ExportFormat = "zeek-json" | "zeek-tsv" | "csv";

export interface ExportQuery {
	kind: string;
	filter: string;
	sort?: Sort;
	format: ExportFormat;
}

export interface TimelineQuery {
	first: string;
	last: string;
	/** Most buckets wanted. */
	count: number;
}

/** How many events of each kind happened when; only buckets that hold something. */
export interface Timeline {
	/** Width of a bucket in nanoseconds. */
	width: bigint;
	kinds: string[];
	buckets: { start: string; counts: number[] }[];
}

/** An answer, or what is wrong with the filter that was sent. */
export type Filtered<T> = { ok: T } | { wrong: FilterError };

/** One line or packet, shown whole. */
export interface Item {
	at: Origin;
	title: string;
	is_text: boolean;
	bytes: Uint8Array;
	fields: ItemField[];
}

export interface ItemField {
	depth: number;
	name: string;
	value: string;
	start: number;
	len: number;
	entity?: EntityKind;
}
