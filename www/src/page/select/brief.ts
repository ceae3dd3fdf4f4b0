// A finding as plain text, for a ticket or a message: what its page says, in the report's words.
import type { Fact, Finding, Source } from "../../shared/report.ts";
import { sourceName } from "./findings.ts";
import { count, plural, second, when } from "./format.ts";

const OUTCOMES = { true: "met", false: "not met", undefined: "not shown" };

function term({ name, value, threshold, is_met }: Fact): string {
	const held = threshold ? ` (threshold: ${threshold}; ${OUTCOMES[`${is_met}`]})` : "";
	return `- ${name}: ${value}${held}`;
}

/** Each role once, with all that have it. */
function cast({ subjects }: Finding): string[] {
	const roles = [...new Set(subjects.map(({ role }) => role))];
	return roles.map((role) => {
		const its = subjects.filter((s) => s.role === role).map(({ value }) => value);
		return `${role}${its.length > 1 ? "s" : ""}: ${its.join(", ")}`;
	});
}

/** Paragraphs with an empty line between them; those that have nothing to say are left out. */
export function briefOf(finding: Finding, sources: Source[]): string {
	const { severity, confidence, title, rule, facts, caveats, missing, attack } = finding;
	const { rows, total } = finding.evidence;
	const lines = rows.map(
		({ ts, at, text }) =>
			`- ${ts ? `${second(ts)} UTC, ` : ""}${sourceName(at.node, sources)} ${at.item}: ${text}`,
	);
	const times = finding.when ? `${when(finding.when)} UTC` : "no times";
	const paragraphs = [
		[title, `${severity}, ${confidence} confidence · ${rule} · ${times}`, ...cast(finding)],
		[finding.summary],
		facts.length > 0 ? ["Terms", ...facts.map(term)] : [],
		[`Evidence: ${count(rows.length)} of ${plural(total, "row")}`, ...lines],
		caveats.map(({ reading, settle }) => `It could also be: ${reading} To settle it: ${settle}`),
		missing.length > 0 ? [`Not shown by the evidence: ${missing.join("; ")}`] : [],
		attack.length > 0 ? [`Consistent with ${attack.join(", ")}.`] : [],
	];
	return paragraphs
		.filter((paragraph) => paragraph.length > 0)
		.map((paragraph) => paragraph.join("\n"))
		.join("\n\n");
}
