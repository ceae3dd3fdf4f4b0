// The rows of findings: most are in the report; of very many the rest is asked for when shown.
import { effect, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { EvidenceRow, Finding } from "../../shared/report.ts";
import { ask, canAsk, caseNumber } from "./case.ts";

interface Asked {
	/** The finding as it was then: that of a later report has other rows. */
	finding: Finding;
	rows: EvidenceRow[];
}

/** What was asked for in this case, by rule and key. */
const asked = signal<ReadonlyMap<string, Asked>>(new Map());
/** Findings to ask for together, once all that are shown have said so. */
let wanted: Finding[] = [];

effect(() => {
	if (caseNumber.value > 0) {
		asked.value = new Map();
	}
});

const identity = ({ rule, key }: Finding): string => `${rule}\n${key}`;

/** The rows of a finding that is shown: those of an older report until the new ones have come. */
export function useRows(finding: Finding): EvidenceRow[] | undefined {
	const isLeftOut = finding.evidence.left_out !== undefined;
	const have = isLeftOut ? asked.value.get(identity(finding)) : undefined;
	const isOld = isLeftOut && have?.finding !== finding;
	useEffect(() => {
		if (isOld) {
			want(finding);
		}
	}, [finding, isOld]);
	return isLeftOut ? have?.rows : finding.evidence.rows;
}

function want(finding: Finding): void {
	wanted.push(finding);
	if (wanted.length === 1) {
		queueMicrotask(askForRows);
	}
}

async function askForRows(): Promise<void> {
	const findings = wanted;
	wanted = [];
	if (!canAsk.value) {
		return;
	}
	const ofCase = caseNumber.value;
	const pairs = findings.map(({ rule, key }): [string, string] => [rule, key]);
	const answers = await ask()
		.evidence(pairs)
		.catch(() => []);
	if (ofCase !== caseNumber.value) {
		return;
	}
	const now = findings.map((finding, i): [string, Asked] => [
		identity(finding),
		{ finding, rows: answers[i]?.rows ?? [] },
	]);
	asked.value = new Map([...asked.value, ...now]);
}
