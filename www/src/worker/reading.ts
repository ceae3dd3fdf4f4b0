// The reading worker: reads files slice by slice, hashes them, and hands the slices on.
import "./silence.ts";
import { describe, type Endpoint, Link } from "../shared/link.ts";
import type {
	Evidence,
	FeedingCalls,
	NoCalls,
	PageCalls,
	Probe,
	ReadingCalls,
} from "../shared/messages.ts";
import { Case, Digest, initSync } from "../wasm/offwire_wasm.js";
import { Meter } from "./meter.ts";

const SLICE = 16 << 20;
/** Slices handed on but not yet worked off: what lies between the workers is bounded by this. */
const CREDIT = 3;
/** What the core looks at to choose an order. */
const HEAD = 64 << 10;
/** Heads read at once: enough to hide the latency of a slow disk. */
const HEADS_AT_ONCE = 8;

const meter = new Meter();
const unanswered: Promise<void>[] = [];
let analysing: Link<NoCalls, FeedingCalls>;

const page = new Link<ReadingCalls, PageCalls>(self as unknown as Endpoint, {
	start({ module, analysing: port }) {
		initSync({ module });
		analysing = new Link(port, {});
	},
	async read(evidence) {
		meter.total = evidence.reduce((sum, e) => sum + e.file.size, 0);
		const order = await analysing.call("plan", await readHeads(evidence));
		for (const index of order) {
			const one = evidence[index];
			if (one) {
				await readFile(index, one);
			}
		}
		await analysing.call("finish", undefined);
		tellProgress(order.at(-1) ?? 0, 0);
	},
});

async function readHeads(evidence: Evidence[]): Promise<Probe[]> {
	const probes: Probe[] = [];
	for (let i = 0; i < evidence.length; i += HEADS_AT_ONCE) {
		probes.push(...(await Promise.all(evidence.slice(i, i + HEADS_AT_ONCE).map(readHead))));
	}
	return probes;
}

async function readHead({ file, path }: Evidence): Promise<Probe> {
	// A file that cannot be read is reported when its turn comes; here it just has no head.
	const buffer = await file
		.slice(0, HEAD)
		.arrayBuffer()
		.catch(() => new ArrayBuffer(0));
	return { name: path, size: file.size, head: new Uint8Array(buffer) };
}

async function readFile(index: number, evidence: Evidence): Promise<void> {
	const { file } = evidence;
	const digest = new Digest();
	let offset = 0;
	analysing.tell("open", { file: index, evidence, total: meter.total });
	try {
		let next = readSlice(file, 0);
		while (offset < file.size) {
			const buffer = await next;
			const length = buffer.byteLength;
			// Asked for before this one is hashed: the disk works while we do.
			next = readSlice(file, offset + length);
			digest.update(new Uint8Array(buffer));
			await handOn(index, buffer);
			offset += length;
			meter.done += length;
			if (meter.isDue()) {
				tellProgress(index, offset);
			}
		}
		page.tell("hashed", { file: index, sha256: digest.finish() });
	} catch (error) {
		page.tell("unreadable", { file: index, offset, message: describe(error) });
	}
	unanswered.push(analysing.call("close", { file: index }));
}

async function readSlice(file: File, offset: number): Promise<ArrayBuffer> {
	return offset < file.size ? file.slice(offset, offset + SLICE).arrayBuffer() : new ArrayBuffer(0);
}

async function handOn(file: number, buffer: ArrayBuffer): Promise<void> {
	while (unanswered.length >= CREDIT) {
		await unanswered.shift();
	}
	unanswered.push(analysing.call("slice", { file, buffer }, [buffer]));
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
