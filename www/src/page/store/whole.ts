// Findings whole: most are so in the report; of very many the rest is asked for when shown.
import { effect, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Finding } from "../../shared/report.ts";
import { ask, canAsk, caseNumber } from "./case.ts";

interface Asked {
	/** The finding as the report had it then: that of a later report has other rows. */
	short: Finding;
	whole: Finding;
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

/** A finding that is shown: as an older report had it until the rest of the new one has come. */
export function useWhole(finding: Finding): Finding {
	const isShort = finding.evidence.left_out !== undefined;
	const have = isShort ? asked.value.get(identity(finding)) : undefined;
	const isOld = isShort && have?.short !== finding;
	useEffect(() => {
		if (isOld) {
			want(finding);
		}
	}, [finding, isOld]);
	return have?.whole ?? finding;
}

function want(finding: Finding): void {
	wanted.push(finding);
	if (wanted.length === 1) {
		queueMicrotask(askForThem);
	}
}

/** What is being asked for. */
let asking: Promise<void> | undefined;

function askForThem(): void {
	const mine = answer().finally(() => {
		if (asking === mine) {
			asking = undefined;
		}
	});
	asking = mine;
}

/** Frames in which nothing is asked for, after which all that is on the page is taken to be there. */
const QUIET_FRAMES = 3;

/** Settled when all findings that are on the page are there whole: they ask when they are drawn. */
export async function allWhole(): Promise<void> {
	for (let quiet = 0; quiet < QUIET_FRAMES; quiet++) {
		await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
		if (asking) {
			await asking;
			quiet = 0;
		}
	}
}

async function answer(): Promise<void> {
	const findings = wanted;
	wanted = [];
	if (!canAsk.value) {
		return;
	}
	const ofCase = caseNumber.value;
	const pairs = findings.map(({ rule, key }): [string, string] => [rule, key]);
	const answers = await ask()
		.findings(pairs)
		.catch(() => []);
	if (ofCase !== caseNumber.value) {
		return;
	}
	const now = findings.map((short, i): [string, Asked] => [
		identity(short),
		{ short, whole: answers[i] ?? short },
	]);
	asked.value = new Map([...asked.value, ...now]);
}
