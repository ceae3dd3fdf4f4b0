// One analysis as the page sees it: files in, news out; it can be asked, stopped and cancelled.
import type {
	AllRelated,
	PassEnd,
	PassRequest,
	Reach,
	Story,
	StoryQuery,
} from "../shared/evidence.ts";
import type { Evidence } from "../shared/messages.ts";
import type {
	EntityKind,
	ExportQuery,
	Filtered,
	Item,
	Rows,
	RowsQuery,
	Timeline,
	TimelineQuery,
	Values,
	ValuesQuery,
} from "../shared/records.ts";
import type { Finding, Origin } from "../shared/report.ts";
import { type Listener, type Pair, takePair } from "./workers.ts";

/** How long workers may take to stop in good order before they are ended. */
const STOP_MS = 3000;

export class Analysis {
	/** Settled when all files are read and the last report was told; rejected when cancelled. */
	readonly finished: Promise<void>;
	readonly #pair: Pair;
	/** Readings in their order: files that are added wait for those before them. */
	#readings: Promise<void>;

	/** Begins at once; settings left out are the core's own. */
	constructor(evidence: Evidence[], listener: Listener, settings?: unknown) {
		this.#pair = takePair();
		this.#pair.listener = listener;
		this.#readings = this.#pair.ready.then(() => this.#pair.analysing.call("begin", settings));
		this.finished = this.add(evidence, 0);
	}

	/** Reads more files into the case; the first of them gets the index `first`. */
	add(evidence: Evidence[], first: number): Promise<void> {
		const read = () => this.#pair.reading.call("read", { evidence, first });
		this.#readings = this.#readings.then(read);
		return this.#readings;
	}

	item(at: Origin): Promise<Item> {
		return this.#pair.analysing.call("item", at);
	}

	rows(query: RowsQuery): Promise<Filtered<Rows>> {
		return this.#pair.analysing.call("rows", query);
	}

	values(query: ValuesQuery): Promise<Filtered<Values>> {
		return this.#pair.analysing.call("values", query);
	}

	timeline(query: TimelineQuery): Promise<Timeline> {
		return this.#pair.analysing.call("timeline", query);
	}

	/** A table as a file. */
	write(query: ExportQuery): Promise<Blob> {
		return this.#pair.analysing.call("write", query);
	}

	story(query: StoryQuery): Promise<Filtered<Story>> {
		return this.#pair.analysing.call("story", query);
	}

	related(query: {
		entity?: EntityKind;
		value?: string;
		count: number;
	}): Promise<Filtered<AllRelated>> {
		return this.#pair.analysing.call("related", query);
	}

	reachOfRows(kind: string, filter: string): Promise<Filtered<Reach | undefined>> {
		return this.#pair.analysing.call("reachOfRows", { kind, filter });
	}

	reachOfItem(at: Origin): Promise<Reach | undefined> {
		return this.#pair.analysing.call("reachOfItem", at);
	}

	/** A second pass over the captures; news of it go to the listener. */
	pass(request: PassRequest): Promise<PassEnd> {
		return this.#pair.analysing.call("pass", request);
	}

	endPass(id: number): void {
		this.#pair.analysing.tell("endPass", id);
	}

	findings(wanted: [string, string][]): Promise<(Finding | undefined)[]> {
		return this.#pair.analysing.call("findings", wanted);
	}

	/** The report as the command writes it, byte for byte. */
	written(form: "text" | "json"): Promise<string> {
		return this.#pair.analysing.call("written", form);
	}

	/** Stops reading, and keeps the workers for questions. False when they had to be ended. */
	async stop(): Promise<boolean> {
		const stopped = Promise.all([
			this.#pair.reading.call("stop", undefined),
			this.#pair.analysing.call("stop", undefined),
			// A file on a disk that does not answer keeps the reading from its end.
			this.#readings,
		]).then(() => true);
		const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), STOP_MS));
		const inTime = await Promise.race([stopped.catch(() => false), late]);
		if (!inTime) {
			this.cancel();
		}
		return inTime;
	}

	/** Ends everything at once; the last report told stays the caller's. */
	cancel(): void {
		this.#pair.terminate();
	}
}
