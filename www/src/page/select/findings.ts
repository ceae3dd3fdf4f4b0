// Which findings are shown and in which order; pure functions of the report.
import type { Actor, Finding, Report, Severity, Source, Span } from "../../shared/report.ts";
import { groupBy } from "./group.ts";

export const SEVERITIES: readonly Severity[] = ["high", "medium", "low", "info"];

/** What the list shows; an empty set of severities or rules stands for all. */
export interface FindingsFilter {
	severities: ReadonlySet<Severity>;
	rule: string;
	text: string;
}

export const NO_FILTER: FindingsFilter = { severities: new Set(), rule: "", text: "" };

/** What makes two findings of two reports the same one. */
export const identity = (finding: Finding): string => `${finding.rule}\n${finding.key}`;

/** Small numbers for identities, given once: the page's addresses hold nothing else. */
export class Ids {
	readonly #byIdentity = new Map<string, number>();

	of(finding: Finding): number {
		const key = identity(finding);
		const id = this.#byIdentity.get(key) ?? this.#byIdentity.size + 1;
		this.#byIdentity.set(key, id);
		return id;
	}
}

/**
 * The findings in an order that does not jump: while evidence is read, those on show stay where
 * they are and new ones follow; at the end the report's own order holds.
 */
export function steady(
	report: Report | undefined,
	before: Finding[],
	isRunning: boolean,
): Finding[] {
	if (!report || !isRunning) {
		return report?.findings ?? [];
	}
	const now = new Map(report.findings.map((f) => [identity(f), f]));
	const kept = before.map(identity).filter((id) => now.has(id));
	const order = new Set([...kept, ...now.keys()]);
	return [...order].flatMap((id) => now.get(id) ?? []);
}

export function countBySeverity(findings: Finding[]): Record<Severity, number> {
	const counts = { high: 0, medium: 0, low: 0, info: 0 };
	for (const { severity } of findings) {
		counts[severity] += 1;
	}
	return counts;
}

/** Everything of a finding that a person may look for. */
function haystack(finding: Finding): string {
	const subjects = finding.subjects.map((s) => s.value);
	return [finding.title, finding.summary, finding.rule, ...finding.attack, ...subjects]
		.join("\n")
		.toLowerCase();
}

export function shown(findings: Finding[], filter: FindingsFilter): Finding[] {
	const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
	return findings.filter((finding) => {
		const severityFits = filter.severities.size === 0 || filter.severities.has(finding.severity);
		if (!severityFits || (filter.rule && finding.rule !== filter.rule)) {
			return false;
		}
		const text = words.length > 0 ? haystack(finding) : "";
		return words.every((word) => text.includes(word));
	});
}

/** In which order the list stands. */
export type Order = "gravest" | "earliest" | "latest" | "most-rows";

/** The findings in an order that was asked for; those without a time stand last. */
export function ordered(findings: Finding[], order: Order): Finding[] {
	if (order === "gravest") {
		return findings;
	}
	const rank = ({ when, evidence }: Finding): number => {
		if (order === "most-rows") {
			return -Number(evidence.total);
		}
		return when
			? order === "earliest"
				? Date.parse(when.first)
				: -Date.parse(when.last)
			: Infinity;
	};
	const ranks = new Map(findings.map((f) => [f, rank(f)]));
	// Never a difference: two that are infinite have none.
	const of = (f: Finding) => ranks.get(f) ?? Infinity;
	return [...findings].sort((a, b) => (of(a) < of(b) ? -1 : of(a) > of(b) ? 1 : 0));
}

/** Many findings of one rule and severity, behind one line of the list. */
export interface Fold {
	rule: string;
	severity: Severity;
	findings: Finding[];
}

/** A line of the list. */
export type Line = Finding | Fold;

export const isFold = (line: Line): line is Fold => "findings" in line;

export const foldId = ({ rule, severity }: Fold | Finding): string => `${severity} ${rule}`;

/**
 * The list with what goes beyond a handful of one rule and severity folded into one line, where the
 * first of these stood: what comes while evidence is read moves no line that is there.
 */
export function folded(findings: Finding[], handful: number): Line[] {
	const groups = new Map<string, { n: number; fold?: Fold }>();
	const lines: Line[] = [];
	for (const finding of findings) {
		const id = foldId(finding);
		const group = groups.get(id) ?? { n: 0 };
		groups.set(id, group);
		group.n += 1;
		if (group.n <= handful) {
			lines.push(finding);
		} else if (group.fold) {
			group.fold.findings.push(finding);
		} else {
			const { rule, severity } = finding;
			group.fold = { rule, severity, findings: [finding] };
			lines.push(group.fold);
		}
	}
	// A line for one finding would say less than the finding and take as much room.
	return lines.map((line) => {
		const [only, second] = isFold(line) ? line.findings : [];
		return only && !second ? only : line;
	});
}

/** When the findings of a fold were, from the first to the last. */
export function spanOf(findings: Finding[]): Span | undefined {
	const all = findings.flatMap(({ when }) => when ?? []);
	const [any] = all;
	return (
		any &&
		all.reduce(
			({ first, last }, one) => ({
				first: Date.parse(one.first) < Date.parse(first) ? one.first : first,
				last: Date.parse(one.last) > Date.parse(last) ? one.last : last,
			}),
			any,
		)
	);
}

/** How many different actors findings have. */
export const actorsOf = (findings: Finding[]): number =>
	new Set(
		findings.flatMap(({ subjects }) =>
			subjects.filter((s) => s.role === "actor").map((s) => `${s.kind} ${s.value}`),
		),
	).size;

/** What two findings of one rule share that say the same, as those of a capture and of its own log do. */
export const sameWords = ({ rule, title }: Finding): string => `${rule}\n${title}`;

/** Findings by what they say. */
export const byWords = (findings: Finding[]): Map<string, Finding[]> =>
	groupBy(findings, sameWords);

/** The rules that found something, with how often, by id. */
export function rulesOf(findings: Finding[]): [string, number][] {
	const counts = new Map<string, number>();
	for (const { rule } of findings) {
		counts.set(rule, (counts.get(rule) ?? 0) + 1);
	}
	return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The sources that a finding's rows come from, wherever the rows are. */
export const nodesOf = ({ evidence: { rows, left_out } }: Finding): Set<number> =>
	new Set(left_out ?? rows.map((row) => row.at.node));

/** The site whose hosts a finding's private addresses are: that of its first source, as in the core. */
export function siteOfFinding(finding: Finding, sources: Source[]): string | undefined {
	const nodes = nodesOf(finding);
	return nodes.size > 0 ? siteOf(Math.min(...nodes), sources) : undefined;
}

/** The site that an actor is of, if it is an address: all its findings are of the same. */
export function siteOfActor(actor: Actor, { findings, sources }: Report): string | undefined {
	const first = findings[Number(actor.findings[0])];
	return first && actor.kind === "address" ? siteOfFinding(first, sources) : undefined;
}

/** The names of the files that a finding's rows come from. */
export const filesOf = (finding: Finding, sources: Source[]): string[] => [
	...new Set([...nodesOf(finding)].map((node) => sourceName(node, sources))),
];

/** What the files are that a finding's rows come from: what tells findings that say the same. */
export function formatsOf(finding: Finding, sources: Source[]): string {
	const formats = [...nodesOf(finding)].flatMap(
		(node) => sources.find((source) => source.id === node)?.format_title ?? [],
	);
	return [...new Set(formats)].join(", ");
}

/** The site of a source, as the analyst named it. */
export const siteOf = (node: number, sources: Source[]): string | undefined =>
	sources.find((s) => s.id === node)?.site;

/** The name of a source, with the container it lies in. */
export function sourceName(node: number, sources: Source[]): string {
	const source = sources.find((s) => s.id === node);
	if (!source) {
		return `source ${node}`;
	}
	const parent = source.parent === undefined ? "" : `${sourceName(source.parent, sources)} › `;
	return parent + source.name;
}
