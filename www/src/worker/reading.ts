// The reading worker: reads files slice by slice and hands the slices on; then hashes the files.
import "./silence.ts";
import { describe, type Endpoint, Link } from "../shared/link.ts";
import type {
	Described,
	Evidence,
	FedCalls,
	FeedingCalls,
	Hashed,
	PageCalls,
	Planned,
	ReadingCalls,
} from "../shared/messages.ts";
import { Case, initSync, plan } from "../wasm/offwire_wasm.js";
import { contentDigest, describeAll, digest } from "./describe.ts";
import { Meter } from "./meter.ts";
import { Ahead, giveBack, type Slice } from "./slices.ts";
import { unpack } from "./unpack.ts";

/** Slices handed on but not yet worked off: what lies between the workers is bounded by this. */
const CREDIT = 3;
/** Time between two messages of digests: small files are hashed by the hundred, each would be drawn. */
const TOLD_MS = 300;
const meter = new Meter();
let analysing: Link<FedCalls, FeedingCalls>;

/** A file at work, and whether more of it is wanted. */
interface Reading {
	index: number;
	offset: number;
	isWanted: boolean;
	/** Slices handed on but not worked off. */
	unanswered: Promise<void>[];
}

const current = new Set<Reading>();
let isStopped = false;
/** Opens the next file of the plan. */
let openNext: () => void = () => undefined;
/** Every file of the case by the page's index: what comes late can make it read all of them again. */
const all: Evidence[] = [];

const page = new Link<ReadingCalls, PageCalls>(self as unknown as Endpoint, {
	start({ module, analysing: port }) {
		initSync({ module });
		analysing = new Link(port, { spent: giveBack, next: () => openNext() });
	},
	unpack,
	async read({ evidence, first }) {
		if (isStopped) {
			// What was left unread is not waited for any more.
			meter.total = meter.done;
		}
		isStopped = false;
		for (const [index, one] of evidence.entries()) {
			all[first + index] = one;
		}
		if (await readAll(evidence, first)) {
			await analysing.call("renew", undefined);
			await readAll(all, 0);
		}
		tellProgress(first + evidence.length - 1, 0);
		// Not waited for: the answer to this call says that the analysis is over.
		void hashAll(evidence, first);
	},
	stop() {
		isStopped = true;
		for (const reading of current) {
			reading.isWanted = false;
		}
	},
});

/** Reads files by their plan, each when it is asked for; true when all files of the case must be read again. */
async function readAll(evidence: Evidence[], first: number): Promise<boolean> {
	meter.total += evidence.reduce((sum, e) => sum + e.file.size, 0);
	const described = await describeAll(evidence);
	const planned = plan(described) as Planned[];
	const readings: Promise<void>[] = [];
	let ahead = begin(evidence[planned[0]?.index ?? 0]);
	let n = 0;
	openNext = () => {
		const next = planned[n];
		const [one, its] = next ? [evidence[next.index], described[next.index]] : [];
		if (isStopped || !next || !one || !its) {
			analysing.tell("endPlan", undefined);
			return;
		}
		n += 1;
		const slices = ahead;
		// Its first piece is asked for now: the disk works while this file is worked on.
		ahead = begin(evidence[planned[n]?.index ?? -1]);
		const { more_follow, next_packet } = next;
		const as = { ...its, more_follow, next_packet };
		readings.push(readFile(first + next.index, one.file, as, slices));
	};
	await analysing.call("plan", undefined);
	await Promise.all(readings);
	ahead?.end();
	return (await analysing.call("finish", undefined)) && !isStopped;
}

/** A file whose first piece was asked for. */
function begin(one: Evidence | undefined): Ahead | undefined {
	return one && one.archive === undefined ? new Ahead(one.file) : undefined;
}

async function readFile(
	index: number,
	file: File,
	described: Described,
	begun: Ahead | undefined,
): Promise<void> {
	const reading = { index, offset: 0, isWanted: begun !== undefined, unanswered: [] };
	analysing.tell("open", { file: index, handle: file, described, total: meter.total });
	current.add(reading);
	try {
		await handAllOn(reading, file, begun);
	} catch (error) {
		page.tell("unreadable", {
			file: index,
			offset: reading.offset,
			message: describe(error),
		});
	}
	current.delete(reading);
	begun?.end();
	// What no format wants counts as done; what a stop left behind does not.
	const unread = isStopped ? 0 : Math.max(0, file.size - reading.offset);
	meter.done += unread;
	analysing.call("close", { file: index, unread, isMore: described.more_follow });
}

async function handAllOn(reading: Reading, file: File, begun: Ahead | undefined): Promise<void> {
	while (begun && reading.offset < file.size && reading.isWanted) {
		const slice = await begun.next();
		// Asked for before this one is handed on: the disk works while we wait for credit.
		begun.ask();
		await handOn(reading, slice);
		reading.offset += slice.length;
		meter.done += slice.length;
		if (meter.isDue()) {
			tellProgress(reading.index, reading.offset);
		}
	}
	if (begun) {
		giveBack((await begun.next()).buffer);
	}
}

/**
 * Hashes the files, once all findings are there: hashing is slower than the analysis, so doing it
 * on the way would have the analyst wait for a number. One that cannot be read was told of before.
 */
async function hashAll(evidence: Evidence[], first: number): Promise<void> {
	let hashed: Hashed[] = [];
	let toldAt = performance.now();
	for (const [index, { file, packed }] of evidence.entries()) {
		// The bytes of a compressed member are nothing that anybody has as a file: its content is.
		const running = packed?.is_deflated
			? contentDigest(file, packed, () => isStopped)
			: digest(file, () => isStopped);
		const sha256 = await running.catch(() => undefined);
		if (isStopped) {
			return;
		}
		hashed.push({ file: first + index, sha256 });
		if (performance.now() - toldAt > TOLD_MS || index === evidence.length - 1) {
			page.tell("hashed", hashed);
			hashed = [];
			toldAt = performance.now();
		}
	}
}

async function handOn(reading: Reading, { buffer, length }: Slice): Promise<void> {
	// Files that are read side by side have one slice each on its way.
	while (reading.unanswered.length >= (current.size > 1 ? 1 : CREDIT)) {
		await reading.unanswered.shift();
	}
	const answer = analysing.call("slice", { file: reading.index, buffer, length }, [buffer]);
	reading.unanswered.push(
		answer.then((isWanted) => {
			reading.isWanted &&= isWanted;
		}),
	);
}

function tellProgress(file: number, offset: number): void {
	const { done, total } = meter;
	page.tell("progress", {
		worker: "reading",
		done,
		total,
		rate: meter.rate(),
		memory: Case.memory(),
		file,
		offset,
	});
}
