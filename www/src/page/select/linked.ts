// Sentences about the evidence, cut where they name something that has a story of its own.
import type { EntityKind } from "../../shared/records.ts";
import type { Subject } from "../../shared/report.ts";
import { ofSubject } from "./entities.ts";
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
