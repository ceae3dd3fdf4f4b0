// The arithmetic of a windowed table: which rows are in sight, and where they lie.
import type { CellValue, Column } from "../../shared/records.ts";
import { time } from "./format.ts";
import { visible } from "./text.ts";

/** Browsers stop somewhere above 17 million pixels; far below that, nothing is lost by it. */
const MAX_PANEL_PX = 8_000_000;
/** Rows drawn beyond what is in sight, so that slow frames show rows and not white. */
const MARGIN = 12;

export interface Sight {
	/** Rows to draw: from `first` on and before `last`. */
	first: number;
	last: number;
	/** The first row in sight, and how many fit. */
	top: number;
	visible: number;
	/** Height of all rows as scrolled over, and where in it the drawn ones lie, in pixels. */
	panel: number;
	offset: number;
	/** Pixels of rows that go by for one pixel of scrolling; 1 unless there are very many rows. */
	scale: number;
}

/**
 * What is in sight of `total` rows at this scroll position. When the rows are higher together than
 * a panel can be, a pixel of scrolling stands for more than a pixel of rows.
 */
export function sight(total: number, scrollTop: number, height: number, rowPx: number): Sight {
	const whole = total * rowPx;
	const panel = Math.min(whole, MAX_PANEL_PX);
	const room = Math.max(0, panel - height);
	const hiddenRows = Math.max(0, whole - height);
	const scale = room > 0 ? hiddenRows / room : 1;
	const rowsTop = Math.min(scrollTop, room) * scale;
	const top = Math.floor(rowsTop / rowPx);
	const visibleRows = Math.max(1, Math.ceil(height / rowPx));
	const first = Math.max(0, top - MARGIN);
	return {
		first,
		last: Math.min(total, top + visibleRows + MARGIN),
		top,
		visible: visibleRows,
		panel,
		offset: Math.max(0, Math.min(scrollTop, room) - (rowsTop - first * rowPx)),
		scale,
	};
}

export interface Cell {
	text: string;
	isUnset: boolean;
	isNumber: boolean;
	/** A class of its own for looks. */
	class?: string;
	/** Of a list with several, its members one by one. */
	members?: string[];
}

/** A cell of text that the page itself writes. */
export const textCell = (text: string, isNumber = false): Cell => ({
	text,
	isUnset: false,
	isNumber,
});

const NUMBERS = new Set(["count", "int", "interval", "port", "double"]);

export function cell(column: Column, value: CellValue): Cell {
	const isNumber = NUMBERS.has(column.type);
	if (value === undefined) {
		return { text: "–", isUnset: true, isNumber };
	}
	if (typeof value !== "string") {
		const members = value.map(visible);
		const text = members.join(", ");
		return members.length > 1
			? { text, isUnset: false, isNumber, members }
			: { text, isUnset: false, isNumber };
	}
	return { text: column.type === "time" ? time(value) : visible(value), isUnset: false, isNumber };
}

const BYTES = /(^|[._])(bytes|body_len|file_size)$|^(length|payload)$/;

/** What a column's numbers count, where its name or type leave it open; the zone of its times. */
export function unitOf({ name, type }: Column): string | undefined {
	if (type === "time") {
		return "UTC";
	}
	if (/\binterval\b/.test(type)) {
		return "s";
	}
	return BYTES.test(name) ? "B" : /key_length$/.test(name) ? "bit" : undefined;
}

const WIDTHS: Record<string, number> = {
	time: 26,
	addr: 17,
	port: 7,
	count: 10,
	int: 10,
	bool: 6,
	interval: 12,
};
const WIDE = new Set([
	"uri",
	"query",
	"user_agent",
	"answers",
	"community_id",
	"header",
	"subject",
	"issuer",
]);

/** Characters of a column that shows whole what its first rows have; a longer value is cut. */
const MOST_CHARS = 40;
const MOST_WIDE_CHARS = 60;
/** Of the page's monospace face at its size in tables, and what a cell has around its text. */
const CHAR_PX = 7.6;
const CELL_PX = 20;

const pixels = (chars: number): number => Math.round(chars * CHAR_PX + CELL_PX);

/** Room for a column's head: its name, its unit, and what sorts and counts it. */
const headChars = (column: Column): number =>
	column.name.length + 4 + (unitOf(column)?.length ?? -1) + 1;

/** A column's width in pixels by its type and name alone, while no row is known. */
export function columnWidth(column: Column): number {
	const last = column.name.split(".").at(-1) ?? column.name;
	const byType = WIDTHS[column.type] ?? 20;
	return pixels(Math.max(byType, headChars(column), WIDE.has(last) ? 34 : 0));
}

/** A column's width in pixels for the values of its first rows. */
export function fittedWidth(column: Column, values: string[]): number {
	const last = column.name.split(".").at(-1) ?? column.name;
	const most = WIDE.has(last) ? MOST_WIDE_CHARS : MOST_CHARS;
	const longest = values.reduce((chars, value) => Math.max(chars, value.length), 0);
	return pixels(Math.max(headChars(column), Math.min(longest, most)));
}
