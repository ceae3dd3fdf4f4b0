// One analysis as the page sees it: files in, news out; it can be asked and it can be cancelled.
import type { Evidence } from "../shared/messages.ts";
import { type Listener, type Pair, takePair } from "./workers.ts";

export class Analysis {
	/** Settled when all files are read and the last report was told; rejected when cancelled. */
	readonly finished: Promise<void>;
	readonly #pair: Pair;

	/** Begins at once; settings left out are the core's own. */
	constructor(evidence: Evidence[], listener: Listener, settings?: unknown) {
		this.#pair = takePair();
		this.#pair.listener = listener;
		this.finished = this.#run(evidence, settings);
	}

	/** A piece of a file as it lies on disk. */
	bytes(file: number, offset: number, length: number): Promise<Uint8Array> {
		return this.#pair.analysing.call("bytes", { file, offset, length });
	}

	/** Ends everything at once; the last report told stays the caller's. */
	cancel(): void {
		this.#pair.terminate();
	}

	async #run(evidence: Evidence[], settings: unknown): Promise<void> {
		await this.#pair.ready;
		await this.#pair.analysing.call("begin", settings);
		await this.#pair.reading.call("read", evidence);
	}
}
