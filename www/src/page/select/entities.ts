// What a value stands for, which findings are about it, and findings between the rows of a story.
import type { StoryRow } from "../../shared/evidence.ts";
import type { Column, EntityKind } from "../../shared/records.ts";
import type { Finding } from "../../shared/report.ts";
import { nodesOf } from "./findings.ts";
import { isAddress } from "./pivots.ts";

/** What the core's findings call their subjects, as kinds of entities. */
const OF_SUBJECTS: Record<string, EntityKind> = {
	account: "account",
	address: "host",
	certificate: "certificate",
	name: "name",
};

export const ofSubject = (kind: string): EntityKind | undefined => OF_SUBJECTS[kind];

/** What one value of a column stands for: a server may be named by its address. */
export function ofCell(column: Column, value: string): EntityKind | undefined {
	const { entity } = column;
	if (entity !== "name" && entity !== "host") {
		return value === "" ? undefined : entity;
	}
	if (isAddress(value)) {
		return "host";
	}
	const isName = /^[\p{L}\p{N}._*-]{1,255}$/u.test(value) && /\p{L}/u.test(value);
	return entity === "name" && isName ? "name" : undefined;
}

/** What a text that somebody typed can be. */
export function kindsOf(text: string): EntityKind[] {
	if (isAddress(text)) {
		return ["host"];
	}
	if (/^[0-9a-f]{32,128}$/i.test(text)) {
		return ["certificate", "fingerprint"];
	}
	// An address of which the rest is still to be typed.
	if (/^[\d.:]*[.:][\d.:]*$/.test(text)) {
		return [];
	}
	// JA4 has its parts between underscores; no host's name has two of them so far apart.
	return /^[a-z0-9]{10}_[0-9a-f]{12}_[0-9a-f]{12}$/.test(text)
		? ["fingerprint"]
		: ["name", "account"];
}

const folded = (value: string): string => value.toLowerCase().replace(/\.$/, "");

/** Whether the finding has the entity among its subjects, and rests on a source that it is of. */
export function aboutEntity(
	finding: Finding,
	about: { kind: EntityKind; value: string },
	isOf: (node: number) => boolean = () => true,
): boolean {
	const nodes = [...nodesOf(finding)];
	return (
		finding.subjects.some(
			(s) => ofSubject(s.kind) === about.kind && folded(s.value) === folded(about.value),
		) &&
		(nodes.length === 0 || nodes.some(isOf))
	);
}

export type Told = { row: StoryRow } | { finding: Finding };

/**
 * Rows with the findings among them by the time that each begins at. Of a page that is neither the
 * first nor the last only those between its rows.
 */
export function woven(
	rows: StoryRow[],
	findings: Finding[],
	isFirst: boolean,
	isLast: boolean,
): Told[] {
	const at = (ts: string | undefined) => (ts ? Date.parse(ts) : Number.NEGATIVE_INFINITY);
	const begins = (f: Finding) => at(f.when?.first);
	const start = isFirst ? Number.NEGATIVE_INFINITY : at(rows[0]?.ts);
	const end = isLast ? Number.POSITIVE_INFINITY : at(rows.at(-1)?.ts);
	const among = findings
		.filter((f) => f.when && begins(f) >= start && begins(f) <= end)
		.sort((a, b) => begins(a) - begins(b));
	const told: Told[] = [];
	for (const row of rows) {
		while (among[0] && row.ts && begins(among[0]) <= at(row.ts)) {
			told.push({ finding: among.shift() as Finding });
		}
		told.push({ row });
	}
	return [...told, ...among.map((finding) => ({ finding }))];
}
