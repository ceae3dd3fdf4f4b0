// What was handed over and not worked off yet: the core says which file it wants next.
import type { Case } from "../wasm/offwire_wasm.js";

/** What the core answers instead of a file. */
const OPEN = -1;
const DONE = -2;
/** Calls of the core in a row that took no byte, after which it is taken to be stuck. */
const PATIENCE = 100_000;

interface Slice {
	chunk: Uint8Array;
	/** How many of its bytes were taken. */
	from: number;
	/** Worked off; says whether more of the file is wanted. */
	done(isWanted: boolean): void;
}

interface Open {
	id: number;
	slices: Slice[];
	/** How many bytes of the file were taken. */
	offset: number;
	/** Set when no more slices come: what is to be done then. */
	end?: () => void;
}

/** What the queue tells its owner. */
export interface Owner {
	theCase(): Case;
	/** The core wants the next file of the plan to be opened. */
	next(): void;
	/** So many bytes of a file were worked off; time to breathe. */
	worked(file: number, offset: number, taken: number): Promise<void>;
	/** A file is at its end. */
	closed(file: number): void;
}

/** Slices of open files, several at once where captures overlap. */
export class Side {
	readonly #owner: Owner;
	readonly #open = new Map<number, Open>();
	readonly #byId = new Map<number, number>();
	#planned: (() => void) | undefined;
	#isAsked = false;
	#isStopped = false;

	constructor(owner: Owner) {
		this.#owner = owner;
	}

	/** Begins a plan of files; `done` is called when nothing of it is left. */
	begin(done: () => void): void {
		this.#planned = done;
		this.#isAsked = false;
		this.#isStopped = false;
		this.#owner.theCase().beginPlan();
	}

	open(file: number, id: number): void {
		this.#isAsked = false;
		this.#open.set(file, { id, slices: [], offset: 0 });
		this.#byId.set(id, file);
	}

	/** False for a file that is closed, or never was open. */
	add(file: number, slice: Slice): boolean {
		const open = this.#open.get(file);
		open?.slices.push(slice);
		return open !== undefined;
	}

	end(file: number, end: () => void): void {
		const open = this.#open.get(file);
		if (open) {
			open.end = end;
		} else {
			end();
		}
	}

	/** No file follows, although one was asked for. */
	endPlan(): void {
		this.#isAsked = false;
	}

	/** Works off what there is, in the order that the core wants. */
	async run(): Promise<void> {
		while (!this.#isStopped) {
			const turn = this.#owner.theCase().turn();
			if (turn === DONE) {
				return this.#finish();
			}
			if (turn === OPEN) {
				if (!this.#isAsked) {
					this.#isAsked = true;
					this.#owner.next();
				}
				return;
			}
			const file = this.#byId.get(turn) ?? -1;
			const open = this.#open.get(file);
			if (!open || !(await this.#feed(file, open))) {
				return;
			}
		}
	}

	/** Feeds what is next of a file, or closes it; false when that has yet to come. */
	async #feed(file: number, open: Open): Promise<boolean> {
		const core = this.#owner.theCase();
		if (core.isRefused(open.id)) {
			this.#leave(open);
		}
		const slice = open.slices[0];
		if (!slice) {
			if (open.end) {
				core.close(open.id);
				this.#open.delete(file);
				open.end();
				this.#owner.closed(file);
			}
			return open.end !== undefined;
		}
		const taken = this.#take(open, slice);
		if (slice.from >= slice.chunk.length) {
			open.slices.shift();
			slice.done(!core.isRefused(open.id));
		}
		await this.#owner.worked(file, open.offset, taken);
		return true;
	}

	#take(open: Open, slice: Slice): number {
		for (let idle = 0; slice.from < slice.chunk.length; idle++) {
			const taken = this.#owner.theCase().feed(open.id, slice.chunk, slice.from);
			if (taken > 0) {
				slice.from += taken;
				open.offset += taken;
				return taken;
			}
			if (idle > PATIENCE) {
				throw new Error("the core takes no more bytes");
			}
		}
		return 0;
	}

	#leave(open: Open): void {
		for (const slice of open.slices) {
			slice.done(false);
		}
		open.slices = [];
	}

	/** What was handed over but not begun is left from here on. */
	stop(): void {
		this.#isStopped = true;
	}

	/** Leaves everything; `close` says whether the core is told that open files are at their ends. */
	clear(close: boolean): void {
		for (const [file, open] of this.#open) {
			this.#leave(open);
			if (close) {
				this.#owner.theCase().close(open.id);
			}
			this.#open.delete(file);
			open.end?.();
		}
		this.#isStopped = false;
		this.#finish();
	}

	#finish(): void {
		this.#planned?.();
		this.#planned = undefined;
	}
}
