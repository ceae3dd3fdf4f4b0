// Starts the reading and the analysing worker as a pair, the first one before there is evidence.
import { Link } from "../shared/link.ts";
import type { AnalysingCalls, Crash, PageCalls, ReadingCalls } from "../shared/messages.ts";
import AnalysingWorker from "../worker/analysing.ts?worker&inline";
import ReadingWorker from "../worker/reading.ts?worker&inline";
import { coreModule, warmUpCaptures } from "./data.ts";

/** Where the messages of a pair go; a pair in reserve has nobody to tell yet. */
export type Listener = PageCalls;

export class Pair {
	readonly reading: Link<PageCalls, ReadingCalls>;
	readonly analysing: Link<PageCalls, AnalysingCalls>;
	/** Settled when both workers hold the core; rejected if one cannot start. */
	readonly ready: Promise<unknown>;
	listener: Listener | undefined;
	readonly #workers: Worker[];

	constructor() {
		const reading = new ReadingWorker({ name: "reading" });
		const analysing = new AnalysingWorker({ name: "analysing" });
		this.#workers = [reading, analysing];
		this.reading = new Link(reading, this.#relay());
		this.analysing = new Link(analysing, this.#relay());
		const broken = new Promise<never>((_, reject) => {
			for (const worker of this.#workers) {
				worker.onerror = (event) => {
					const message = event.message || "a worker could not start";
					reject(new Error(message));
					this.#breakDown({ file: -1, offset: 0, message });
				};
			}
		});
		this.ready = Promise.race([this.#start(), broken]);
		// Whoever takes the pair awaits this; a reserve that fails before must not be an error of its own.
		this.ready.catch(() => undefined);
	}

	/** Has the browser compile the core well, as long as nobody has taken the pair. */
	async warmUp(): Promise<void> {
		await this.ready;
		await this.analysing.call("warm", await warmUpCaptures());
	}

	/** Ends both workers at once, in the middle of whatever they do. */
	terminate(): void {
		this.listener = undefined;
		for (const worker of this.#workers) {
			worker.terminate();
		}
		this.reading.abandon("cancelled");
		this.analysing.abandon("cancelled");
	}

	async #start(): Promise<void> {
		const module = await coreModule();
		const channel = new MessageChannel();
		await Promise.all([
			this.reading.call("start", { module, analysing: channel.port1 }, [channel.port1]),
			this.analysing.call("start", { module, reading: channel.port2 }, [channel.port2]),
		]);
	}

	/** After a breakdown nothing more can be asked of the pair: it goes, what it told stays. */
	#breakDown(crash: Crash): void {
		this.listener?.crashed(crash);
		this.terminate();
	}

	#relay(): PageCalls {
		return {
			progress: (progress) => this.listener?.progress(progress),
			report: (report) => this.listener?.report(report),
			opened: (opened) => this.listener?.opened(opened),
			closed: (closed) => this.listener?.closed(closed),
			hashed: (hashed) => this.listener?.hashed(hashed),
			unreadable: (unreadable) => this.listener?.unreadable(unreadable),
			crashed: (crash) => this.#breakDown(crash),
			passing: (news) => this.listener?.passing(news),
		};
	}
}

let reserve: Pair | undefined;

/** The pair that is taken next: what needs the core before there is a case can be asked of it. */
export function pairInReserve(): Pair {
	reserve ??= new Pair();
	return reserve;
}

/**
 * The pair for a case. The next one is only made when it is wanted: it starts at once, since the core
 * is compiled by then, and would take time and memory from the analysis before.
 */
export function takePair(): Pair {
	const pair = pairInReserve();
	reserve = undefined;
	return pair;
}

/** Has a pair ready before there is evidence; it makes the core fast for all, as they share its code. */
export function warmUp(): void {
	// A pair that breaks down tells whoever takes it.
	pairInReserve()
		.warmUp()
		.catch(() => undefined);
}
