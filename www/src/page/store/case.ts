// The case: which files it holds, how far reading is, and what was found. All state as signals.
import { batch, computed, signal } from "@preact/signals";
import type { PassNews } from "../../shared/evidence.ts";
import { describe } from "../../shared/link.ts";
import type { Evidence, Progress } from "../../shared/messages.ts";
import type { Finding, Report } from "../../shared/report.ts";
import { Analysis } from "../analysis.ts";
import { Ids, steady } from "../select/findings.ts";
import type { Listener } from "../workers.ts";
import { announcement, tablesMb, tapMs } from "./look.ts";

export type State = "waiting" | "running" | "done" | "cancelled" | "crashed";

/** What went wrong around the analysis, as opposed to in the evidence (which has notes). */
export interface Trouble {
	/** Index of the file in the case; undefined when it is about none. */
	file?: number;
	text: string;
}

/** How far a file is. */
export interface FileProgress {
	offset: number;
	node?: number;
	sha256?: string | undefined;
	/** True once there is a digest, or can be none. */
	isHashed?: boolean;
	isClosed?: boolean;
}

export const state = signal<State>("waiting");
export const evidence = signal<Evidence[]>([]);
export const report = signal<Report | undefined>(undefined);
export const findings = signal<Finding[]>([]);
export const progress = signal<{ reading?: Progress; analysing?: Progress }>({});
export const files = signal<ReadonlyMap<number, FileProgress>>(new Map());
/** The largest wasm memory that either worker told of. */
export const memory = signal(0);
export const troubles = signal<Trouble[]>([]);
/** Grows with every case that is opened: what was set for the one before is forgotten. */
export const caseNumber = signal(0);
/** Grows with every report: whoever shows rows asks again when it does. */
export const generation = signal(0);
/** True while the workers of the case can be asked. */
export const canAsk = signal(false);
/** Takes the news of second passes; set by whoever runs them. */
export const onPassing = signal<((news: PassNews) => void) | undefined>(undefined);
/** True when sensors, sites, series or settings were changed that the reading did not know yet. */
export const isDescribedAnew = signal(false);
/** True when what is shown is the built-in sample. */
export const isSample = signal(false);

export const isRunning = computed(() => state.value === "running");
export const sources = computed(() => report.value?.sources ?? []);
export const totalSize = computed(() =>
	evidence.value.reduce((sum, e) => sum + (e.of ? 0 : e.file.size), 0),
);

let ids = new Ids();
let analysis: Analysis | undefined;
/** Settled when what was stopped has come to rest. */
let stopping: Promise<void> | undefined;

/** The number of a finding in addresses: opaque, and the same as long as the case is open. */
export const idOf = (finding: Finding): number => ids.of(finding);

/** The analysis, for whoever asks for rows or items of it. */
export function ask(): Analysis {
	if (!analysis || !canAsk.value) {
		throw new Error("The workers of this case have ended; read the files again to ask them.");
	}
	return analysis;
}

/** Files are on their way in. */
export function awaitFiles(): void {
	state.value = "running";
}

/** Opens a new case on these files. */
export function begin(given: Evidence[], sample = false): void {
	if (given.length === 0) {
		return;
	}
	analysis?.cancel();
	ids = new Ids();
	batch(() => {
		caseNumber.value += 1;
		evidence.value = given;
		report.value = undefined;
		findings.value = [];
		files.value = new Map();
		troubles.value = [];
		progress.value = {};
		memory.value = 0;
		isSample.value = sample;
		isDescribedAnew.value = false;
		canAsk.value = true;
		state.value = "running";
	});
	const mine: Analysis = new Analysis(
		given,
		listener(() => analysis === mine),
		{
			...(tablesMb.value !== undefined && { caps: { records: tablesMb.value * 2 ** 20 } }),
			...(tapMs.value !== undefined && { tap_window_nanos: tapMs.value * 1e6 }),
		},
	);
	analysis = mine;
	follow(mine, mine.finished);
}

/** Adds files to the open case, or opens one. */
export async function add(given: Evidence[]): Promise<void> {
	await stopping;
	// A file that may be in the case already is only told from it when all are read together.
	const isTwin = given.some((g) => evidence.value.some((e) => e.file.size === g.file.size));
	if (!analysis || !canAsk.value || isTwin) {
		begin([...evidence.value, ...given]);
		return;
	}
	if (given.length === 0) {
		return;
	}
	const first = evidence.value.length;
	batch(() => {
		evidence.value = [...evidence.value, ...given];
		isSample.value = false;
		state.value = "running";
	});
	follow(analysis, analysis.add(given, first));
}

/** Stops reading; what was found so far stays, and can still be looked into. */
export function stop(): void {
	state.value = "cancelled";
	const mine = analysis;
	stopping = mine?.stop().then((inOrder) => {
		if (!inOrder && mine === analysis) {
			canAsk.value = false;
		}
	});
}

/** A setting was changed that holds from the next reading on. */
export function describeAnew(): void {
	isDescribedAnew.value ||= evidence.value.length > 0;
}

/** Reads all files of the case anew: after a stop, or when sensors and sites were changed. */
export const readAgain = (): void => begin([...evidence.value], isSample.value);

/**
 * Says where a file was recorded, or which series it belongs to; holds from the next reading on. What
 * is said of an archive goes for its members.
 */
export function describeFile(
	index: number,
	change: Partial<Pick<Evidence, "sensor" | "site" | "series">>,
) {
	const archive = evidence.value[index]?.archive && evidence.value[index]?.file;
	const isMeant = (e: Evidence, i: number) => i === index || (archive && e.of === archive);
	evidence.value = evidence.value.map((e, i) => (isMeant(e, i) ? { ...e, ...change } : e));
	isDescribedAnew.value = true;
}

function follow(mine: Analysis, finished: Promise<void>): void {
	const settle = (to: State) => {
		if (analysis === mine && state.value === "running") {
			batch(() => {
				state.value = to;
				findings.value = steady(report.value, findings.value, false);
				announcement.value = `Reading ended: ${to}. ${findings.value.length} findings.`;
			});
		}
	};
	finished.then(
		() => settle("done"),
		(error) => {
			if (analysis === mine && state.value === "running") {
				addTrouble({ text: describe(error) });
				settle("crashed");
			}
		},
	);
}

function addTrouble(trouble: Trouble): void {
	troubles.value = [...troubles.value, trouble];
}

function updateFile(file: number, change: Partial<FileProgress>): void {
	const before = files.value.get(file) ?? { offset: 0 };
	files.value = new Map(files.value).set(file, { ...before, ...change });
}

/** What the workers tell goes into the state, unless it is another case's by now. */
function listener(isCurrent: () => boolean): Listener {
	const path = (file: number) => evidence.value[file]?.path ?? "no file";
	const guard =
		<T>(take: (told: T) => void) =>
		(told: T) => {
			if (isCurrent()) {
				batch(() => take(told));
			}
		};
	return {
		progress: guard((p) => {
			progress.value = { ...progress.value, [p.worker]: p };
			memory.value = Math.max(memory.value, p.memory);
			if (p.worker === "analysing") {
				updateFile(p.file, { offset: p.offset });
			}
		}),
		report: guard((r) => {
			report.value = r;
			findings.value = steady(r, findings.value, state.value === "running");
			generation.value += 1;
		}),
		opened: guard(({ file, node }) => updateFile(file, { node })),
		closed: guard(({ file }) => updateFile(file, { isClosed: true })),
		hashed: guard((all) => {
			for (const { file, sha256 } of all) {
				updateFile(file, { sha256, isHashed: true });
			}
		}),
		unreadable: guard((u) =>
			addTrouble({
				file: u.file,
				text: `${path(u.file)} could not be read from byte ${u.offset} on: ${u.message}`,
			}),
		),
		passing: guard((news) => onPassing.value?.(news)),
		crashed: guard((c) => {
			state.value = "crashed";
			canAsk.value = false;
			const text = `The analysis broke down in ${path(c.file)} at byte ${c.offset}: ${c.message}`;
			addTrouble({ file: c.file, text });
		}),
	};
}
