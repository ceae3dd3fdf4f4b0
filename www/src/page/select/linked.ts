// Sentences about the evidence, cut where they name something that has a story of its own.
import type { Column, EntityKind } from "../../shared/records.ts";
import type { Subject } from "../../shared/report.ts";
import { ofCell, ofSubject } from "./entities.ts";
import { isAddress } from "./pivots.ts";

export interface Piece {
	text: string;
	entity?: EntityKind;
}

/** Subjects looked for in one sentence; each costs a walk through it. */
const MOST_SUBJECTS = 40;

/** Runs of what addresses are made of. */
const ADDRESS = /[0-9a-fA-F:.]*[0-9a-fA-F][0-9a-fA-F:.]*/g;

const isWord = (char: string | undefined): boolean =>
	char !== undefined && /[\p{L}\p{N}_-]/u.test(char);

/** True when neither a name nor an address goes on before or behind. */
function isWhole(text: string, start: number, end: number): boolean {
	const before = text[start - 1];
	const behind = text[end];
	const goesOn = behind === "." && isWord(text[end + 1]);
	const cameOn = before === "." && isWord(text[start - 2]);
	return !isWord(before) && !isWord(behind) && !goesOn && !cameOn;
}

interface Found {
	start: number;
	end: number;
	entity: EntityKind;
}

function places(text: string, value: string, entity: EntityKind): Found[] {
	const found: Found[] = [];
	const folded = text.toLowerCase();
	const needle = value.toLowerCase();
	for (let at = folded.indexOf(needle); at >= 0; at = folded.indexOf(needle, at + needle.length)) {
		if (isWhole(text, at, at + needle.length)) {
			found.push({ start: at, end: at + needle.length, entity });
		}
	}
	return found;
}

function addresses(text: string): Found[] {
	return [...text.matchAll(ADDRESS)].flatMap((match) => {
		// A sentence may end, and a port may follow, right behind an address.
		const [, run = ""] = /^(.*?)[.:]*$/.exec(match[0]) ?? [];
		const v4 = /^(\d{1,3}(?:\.\d{1,3}){3})(?::\d{1,5})?$/.exec(run)?.[1];
		const value = v4 ?? run;
		const end = match.index + value.length;
		return isAddress(value) && !isWord(text[match.index - 1])
			? [{ start: match.index, end, entity: "host" as const }]
			: [];
	});
}

/** The sentence in pieces; together they are the sentence. */
export function linked(text: string, subjects: Subject[]): Piece[] {
	const named = subjects.slice(0, MOST_SUBJECTS).flatMap((s) => {
		const entity = ofSubject(s.kind);
		return entity && s.value.length > 1 ? places(text, s.value, entity) : [];
	});
	const all = [...named, ...addresses(text)].sort((a, b) => a.start - b.start || b.end - a.end);
	const pieces: Piece[] = [];
	let at = 0;
	for (const { start, end, entity } of all) {
		if (start >= at) {
			if (start > at) {
				pieces.push({ text: text.slice(at, start) });
			}
			pieces.push({ text: text.slice(start, end), entity });
			at = end;
		}
	}
	if (at < text.length) {
		pieces.push({ text: text.slice(at) });
	}
	return pieces;
}

/** What the core writes for a character that would deceive: the value itself is another one. */
const ESCAPED = /\\x[0-9a-f]{2}|\\u\{[0-9a-f]+\}/;

/** A field of a row: of a list its members, each for itself. */
function ofField(column: Column, value: string, subjects: Subject[]): Piece[] {
	if (!column.entity) {
		return linked(value, subjects);
	}
	const isList = /^(vector|set)\b/.test(column.type);
	return (isList ? value.split(/(,)/) : [value]).map((text) => {
		const entity = text === "," || ESCAPED.test(text) ? undefined : ofCell(column, text);
		return entity ? { text, entity } : { text };
	});
}

/**
 * A row of evidence in pieces: its kind and ends, then ` name=value` for the fields that it has, in
 * the order of the kind's columns. What the columns are of a value, it is a pivot as.
 */
export function linkedRow(row: string, columns: Column[], subjects: Subject[]): Piece[] {
	const fields: { column: Column; start: number; end: number }[] = [];
	let behind = 0;
	for (const column of columns) {
		const start = row.indexOf(` ${column.name}=`, behind);
		if (start >= 0) {
			behind = start + column.name.length + 2;
			fields.push({ column, start, end: behind });
		}
	}
	const pieces = linked(row.slice(0, fields[0]?.start), subjects);
	for (const [i, { column, start, end }] of fields.entries()) {
		pieces.push({ text: row.slice(start, end) });
		const value = row.slice(end, fields[i + 1]?.start);
		// Of a line that was too long the last value is not whole.
		const isCut = i === fields.length - 1 && value.endsWith("…");
		pieces.push(...(isCut ? [{ text: value }] : ofField(column, value, subjects)));
	}
	return pieces.filter(({ text }) => text !== "");
}

/** A piece with the text that no line ends between: together they are the sentence again. */
export interface Glued {
	before: string;
	piece: Piece;
	behind: string;
}

/** Characters that stay in one line, on the narrowest page too. */
const MOST_GLUED = 42;
const NAME_BEFORE = /(?:^|\s)(\S+)$/;
const MARK_BEHIND = /^[,.;:)\]]{1,3}(?=\s|$)/;

/** Takes to each value the name that stands before it and the mark that stands behind it. */
export function glued(pieces: Piece[]): Glued[] {
	const texts = pieces.map((piece) => piece.text);
	const take = (at: number, pattern: RegExp, room: number): string => {
		const text = texts[at] ?? "";
		const [whole = "", part = whole] = pieces[at]?.entity ? [] : (pattern.exec(text) ?? []);
		if (part.length > room) {
			return "";
		}
		texts[at] =
			pattern === NAME_BEFORE ? text.slice(0, text.length - part.length) : text.slice(part.length);
		return part;
	};
	return pieces
		.map((piece, i): Glued => {
			if (!piece.entity) {
				return { before: "", piece, behind: "" };
			}
			const room = MOST_GLUED - piece.text.length;
			const behind = take(i + 1, MARK_BEHIND, room);
			const before = take(i - 1, NAME_BEFORE, room - behind.length);
			return { before, piece, behind };
		})
		.map((one, i) => (one.piece.entity ? one : { ...one, piece: { text: texts[i] ?? "" } }))
		.filter(({ piece }) => piece.text);
}
