// What a value stands for, which findings are about it, and findings between the rows of a story.
import type { StoryRow } from "../../shared/evidence.ts";
import type { Column, EntityKind } from "../../shared/records.ts";
import type { Finding } from "../../shared/report.ts";
import { nodesOf, SEVERITIES } from "./findings.ts";
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

/** An entity that findings are about, with these findings, the gravest first. */
export interface Suspect {
	entity: EntityKind;
	value: string;
	/** Of a host with a private address, where there are several sites. */
	site: string | undefined;
	findings: Finding[];
	/** How far in front it stands among those that have its role in a finding: 0 is the first. */
	place: number;
}

/** What tells one entity from another. */
export const entityId = (entity: EntityKind, value: string, site: string | undefined): string =>
	[entity, site ?? "", folded(value)].join("\n");

/** An address that each site may have a host of its own with. */
const isOfSite = (entity: EntityKind, value: string): boolean =>
	entity === "host" &&
	/^(10\.|127\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|f[cd]|fe[89ab])/i.test(value);

/**
 * The entities that findings are about. `siteOf` gives the site of a finding's private addresses,
 * where there are several. The findings come with the gravest first, and so do those of each.
 */
export function suspectsOf(
	findings: Finding[],
	siteOf: (finding: Finding) => string | undefined,
): Map<string, Suspect> {
	const all = new Map<string, Suspect>();
	for (const finding of findings) {
		if (finding.subjects.length > MOST_SUBJECTS) {
			continue;
		}
		const itsSite = siteOf(finding);
		const places = new Map<string, number>();
		for (const { kind, value, role } of finding.subjects) {
			const place = places.get(role) ?? 0;
			places.set(role, place + 1);
			const entity = ofSubject(kind);
			if (!entity) {
				continue;
			}
			const site = isOfSite(entity, value) ? itsSite : undefined;
			const id = entityId(entity, value, site);
			const suspect = all.get(id) ?? { entity, value, site, findings: [], place };
			if (suspect.findings.at(-1) !== finding) {
				suspect.findings.push(finding);
			}
			suspect.place = Math.min(suspect.place, place);
			all.set(id, suspect);
		}
	}
	return all;
}

/** Those to look at first: not what is only listed; the gravest, then those of most findings. */
export function foremost(all: Iterable<Suspect>): Suspect[] {
	const gravity = ({ findings }: Suspect) => SEVERITIES.indexOf(findings[0]?.severity ?? "info");
	return [...all]
		.filter((suspect) => suspect.findings[0]?.severity !== "info")
		.sort(
			(a, b) =>
				gravity(a) - gravity(b) || b.findings.length - a.findings.length || a.place - b.place,
		);
}

/** A finding about more is an inventory: it makes none of them one to look at first. */
const MOST_SUBJECTS = 50;

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
