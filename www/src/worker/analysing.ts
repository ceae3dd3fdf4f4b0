// The analysing worker: owns the case, works slices off in their order, and never waits for a file.
import "./silence.ts";
import type { Reach } from "../shared/evidence.ts";
import { describe, type Endpoint, Link } from "../shared/link.ts";
import type { AnalysingCalls, FedCalls, FeedingCalls, PageCalls } from "../shared/messages.ts";
import type { Filtered, Item, Values } from "../shared/records.ts";
import type { Finding, Report } from "../shared/report.ts";
import { Case, entityOf, initSync } from "../wasm/offwire_wasm.js";
import { Meter } from "./meter.ts";
import { Passes } from "./passes.ts";
import { Side } from "./side.ts";
import { related, story } from "./story.ts";
import { rows, timeline, write } from "./tables.ts";
import { warm } from "./warm.ts";

/** Work between two looks at the messages that came in: questions are answered while files are read. */
const BREATH_MS = 30;
/** Between two reports while files are read. */
const REPORT_MS = 1000;
/** No more than this share of the time goes into them: the more there is to tell, the rarer they get. */
const REPORT_SHARE = 1 / 80;

const meter = new Meter();
/** The core's ids of the files, by the page's index. */
const ids = new Map<number, number>();
const breath = new MessageChannel();
let current: Case | undefined;
let crash: string | undefined;
/** Tells the reading worker to open the next file of its plan. */
let openNext: () => void = () => undefined;
let at = { file: 0, offset: 0 };
/** When the next report is due: the first at once, so that little is lost if the core breaks down. */
let reportDue = 0;
let breathedAt = 0;
/** The work in its order: a slice is only begun when all before it is done. */
let work: Promise<void> = Promise.resolve();

const page = new Link<AnalysingCalls, PageCalls>(self as unknown as Endpoint, {
	start({ module, reading }) {
		initSync({ module });
		feeding(reading);
	},
	warm: (captures) => warm(captures, () => current === undefined, breathe),
	begin(settings) {
		current = new Case(settings);
	},
	report: () => theCase().report() as Report,
	findings: (wanted) => theCase().findings(wanted) as (Finding | undefined)[],
	written: (form) => theCase().written(form),
	stop() {
		side.stop();
		return enqueue(() => {
			side.clear(true);
			page.tell("report", theCase().report() as Report);
		});
	},
	bytes: ({ file, offset, length }) => theCase().bytes(id(file), offset, length),
	item(at) {
		const item = theCase().item(at) as Item;
		for (const field of item.fields) {
			const entity = entityOf(field.name, field.value);
			if (entity) {
				field.entity = entity;
			}
		}
		return item;
	},
	rows: (query) => rows(theCase(), query),
	values: ({ kind, filter, column, count }) =>
		theCase().values(kind, filter, column, count) as Filtered<Values>,
	timeline: ({ first, last, count }) => timeline(theCase(), first, last, count),
	write: (query) => write(theCase(), query, breathe),
	story: (query) => story(theCase(), query),
	related: (query) => related(theCase(), query),
	reachOfRows: ({ kind, filter }) =>
		theCase().reachOfRows(kind, filter) as Filtered<Reach | undefined>,
	reachOfItem: (at) => theCase().reachOfItem(at) as Reach | undefined,
	pass: (request) => passes.run(request),
	endPass: (id) => passes.end(id),
});

const passes = new Passes(theCase, breathe, (news) => page.tell("passing", news));

const side = new Side({
	theCase,
	next: () => openNext(),
	async worked(file, offset, taken) {
		at = { file, offset };
		meter.done += taken;
		if (performance.now() - breathedAt > BREATH_MS) {
			tellReport();
			await breathe();
			breathedAt = performance.now();
		}
		if (meter.isDue()) {
			tellProgress();
		}
	},
	closed: (file) => page.tell("closed", { file }),
});

function feeding(port: MessagePort): void {
	const link: Link<FeedingCalls, FedCalls> = new Link(port, {
		plan: () =>
			new Promise((resolve) => {
				enqueue(() => side.begin(resolve));
				workOff().then(() => crash === undefined || resolve());
			}),
		endPlan() {
			enqueue(() => {
				theCase().endPlan();
				side.endPlan();
			});
			workOff();
		},
		open: ({ file, handle, described, total }) => {
			meter.total = total;
			enqueue(() => {
				at = { file, offset: 0 };
				const node = theCase().open(handle, described);
				ids.set(file, node);
				side.open(file, node);
				page.tell("opened", { file, node });
			});
			workOff();
		},
		slice: async ({ file, buffer, length }) => {
			const isWanted = await new Promise<boolean>((done) => {
				const slice = { chunk: new Uint8Array(buffer, 0, length), from: 0, done };
				enqueue(() => {
					if (!side.add(file, slice)) {
						done(false);
					}
				});
				workOff().then(() => crash === undefined || done(false));
			});
			link.tell("spent", buffer, [buffer]);
			return isWanted && crash === undefined;
		},
		close: ({ file, unread, isMore }) =>
			new Promise((resolve) => {
				const end = () => {
					meter.done += unread;
					resolve();
				};
				enqueue(() => side.end(file, end));
				workOff().then(() => crash === undefined || resolve());
				// Behind the last file comes the report of all.
				if (isMore) {
					enqueue(tellReport);
				}
			}),
		finish: async () => {
			await enqueue(() => {
				theCase().settle();
				tellProgress();
				page.tell("report", theCase().report() as Report);
			});
			return crash === undefined && theCase().isStale();
		},
		renew: () =>
			enqueue(() => {
				theCase().renew();
				ids.clear();
			}),
	});
	openNext = () => link.tell("next", undefined);
}

/** Works off what was handed over, as far as it goes. */
function workOff(): Promise<void> {
	return enqueue(() => {
		breathedAt = performance.now();
		return side.run();
	});
}

/** Runs `job` after all work before it. What it throws can only be a breakdown of the core. */
function enqueue(job: () => void | Promise<void>): Promise<void> {
	work = work.then(async () => {
		if (crash !== undefined) {
			return;
		}
		try {
			await job();
		} catch (error) {
			const panic = (globalThis as { offwirePanic?: string }).offwirePanic;
			crash = panic ?? describe(error);
			page.tell("crashed", { ...at, message: crash });
			side.clear(false);
		}
	});
	return work;
}

/** Lets the messages that came in be handled; a timer would be throttled, a channel is not. */
function breathe(): Promise<void> {
	return new Promise((resolve) => {
		breath.port1.addEventListener("message", () => resolve(), { once: true });
		breath.port1.start();
		breath.port2.postMessage(0);
	});
}

function tellReport(): void {
	const before = performance.now();
	if (before < reportDue) {
		return;
	}
	page.tell("report", theCase().report() as Report);
	const after = performance.now();
	reportDue = after + Math.max(REPORT_MS, (after - before) / REPORT_SHARE);
}

function tellProgress(): void {
	const { done, total } = meter;
	page.tell("progress", {
		worker: "analysing",
		done,
		total,
		rate: meter.rate(),
		memory: Case.memory(),
		...at,
	});
}

function theCase(): Case {
	if (crash !== undefined) {
		throw new Error(`the analysis broke down: ${crash}`);
	}
	if (!current) {
		throw new Error("no case was begun");
	}
	return current;
}

function id(file: number): number {
	const found = ids.get(file);
	if (found === undefined) {
		throw new Error(`file ${file} is not open`);
	}
	return found;
}
