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
	ReadingCalls,
} from "../shared/messages.ts";
import { Case, initSync, plan } from "../wasm/offwire_wasm.js";
import { contentDigest, describeAll, digest } from "./describe.ts";
import { Meter } from "./meter.ts";
import { giveBack, type Slice, Slices } from "./slices.ts";
import { unpack } from "./unpack.ts";

/** Slices handed on but not yet worked off: what lies between the workers is bounded by this. */
const CREDIT = 3;
/** Time between two messages of digests: small files are hashed by the hundred, each would be drawn. */
const TOLD_MS = 300;
const meter = new Meter();
const unanswered: Promise<void>[] = [];
let analysing: Link<FedCalls, FeedingCalls>;
/** The file at work, and whether any format took it. */
let current = 0;
let isWanted = true;
let isStopped = false;
/** Every file of the case by the page's index: what comes late can make it read all of them again. */
const all: Evidence[] = [];

const page = new Link<ReadingCalls, PageCalls>(self as unknown as Endpoint, {
	start({ module, analysing: port }) {
		initSync({ module });
		analysing = new Link(port, { spent: giveBack });
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
		isWanted = false;
	},
});

/** Reads files in the order of their plan; true when all files of the case must be read again. */
async function readAll(evidence: Evidence[], first: number): Promise<boolean> {
	meter.total += evidence.reduce((sum, e) => sum + e.file.size, 0);
	const described = await describeAll(evidence);
	const order = plan(described);
	for (const [n, index] of order.entries()) {
		const [one, its] = [evidence[index], described[index]];
		if (isStopped || !one || !its) {
			break;
		}
		its.more_follow = n + 1 < order.length;
		await readFile(first + index, one.file, its);
	}
	return (await analysing.call("finish", undefined)) && !isStopped;
}

async function readFile(index: number, file: File, described: Described): Promise<void> {
	let offset = 0;
	current = index;
	// Of an archive all that can be told is told: its members are files of their own.
	isWanted = described.archive === undefined;
	analysing.tell("open", { file: index, handle: file, described, total: meter.total });
	const slices = new Slices(file);
	try {
		let next = slices.next();
		while (offset < file.size && isWanted) {
			const slice = await next;
			// Asked for before this one is handed on: the disk works while we wait for credit.
			next = slices.next();
			await handOn(index, slice);
			offset += slice.length;
			meter.done += slice.length;
			if (meter.isDue()) {
				tellProgress(index, offset);
			}
		}
		giveBack((await next).buffer);
	} catch (error) {
		page.tell("unreadable", { file: index, offset, message: describe(error) });
	}
	slices.end();
	// What no format wants counts as done; what a stop left behind does not.
	const unread = isStopped ? 0 : Math.max(0, file.size - offset);
	meter.done += unread;
	analysing.call("close", { file: index, unread, isMore: described.more_follow });
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

async function handOn(file: number, { buffer, length }: Slice): Promise<void> {
	while (unanswered.length >= CREDIT) {
		await unanswered.shift();
	}
	const answer = analysing.call("slice", { file, buffer, length }, [buffer]);
	unanswered.push(
		answer.then((wanted) => {
			// An answer about an earlier file says nothing of the one at work.
			isWanted &&= wanted || file !== current;
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
