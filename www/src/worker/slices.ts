// Reads a file piece by piece into buffers that are used again and again.

/** Large enough that handing on costs nothing, small enough that the few on their way do not either. */
const SIZE = 8 << 20;

/** A piece of a file: the first `length` bytes of the buffer. */
export interface Slice {
	buffer: ArrayBuffer;
	length: number;
}

/** Buffers that nobody uses: new ones for each slice would wait for a collector that is in no hurry. */
const idle: ArrayBuffer[] = [];

/** Takes a buffer back, to be filled again. */
export function giveBack(buffer: ArrayBuffer): void {
	if (buffer.byteLength === SIZE) {
		idle.push(buffer);
	}
}

/** The pieces of one file, from its start on. */
export class Slices {
	readonly #file: File;
	/** Undefined where the browser cannot stream into a given buffer: then pieces are cut out. */
	readonly #stream: ReadableStreamBYOBReader | undefined;
	#offset = 0;

	constructor(file: File) {
		this.#file = file;
		// A file of one piece gains nothing by a stream, and among hundreds of streams that end at
		// once Chromium 150 leaves one now and then that never gives its bytes.
		this.#stream = file.size > SIZE ? byteReader(file) : undefined;
	}

	/** The next piece; one of no bytes is behind the last. */
	async next(): Promise<Slice> {
		if (this.#offset >= this.#file.size) {
			return { buffer: new ArrayBuffer(0), length: 0 };
		}
		const slice = this.#stream ? await fill(this.#stream) : await this.#cut();
		this.#offset += slice.length;
		if (slice.length === 0) {
			throw new Error("the file is shorter than it was");
		}
		return slice;
	}

	/** Nothing more is wanted of the file. */
	end(): void {
		this.#stream?.cancel().catch(() => undefined);
	}

	async #cut(): Promise<Slice> {
		const piece = this.#file.slice(this.#offset, this.#offset + SIZE);
		if (piece.size === SIZE) {
			// Nobody will fill one again.
			idle.length = 0;
		}
		const buffer = await piece.arrayBuffer();
		return { buffer, length: buffer.byteLength };
	}
}

/** The pieces of a file, the next one always asked for already. */
export class Ahead {
	readonly #slices: Slices;
	#next: Promise<Slice>;

	constructor(file: File) {
		this.#slices = new Slices(file);
		this.#next = this.#ask();
	}

	/** The piece that was asked for last. */
	next(): Promise<Slice> {
		return this.#next;
	}

	/** Asks for the piece behind it. */
	ask(): void {
		this.#next = this.#ask();
	}

	#ask(): Promise<Slice> {
		const next = this.#slices.next();
		// Whoever waits for the piece is told; nobody may.
		next.catch(() => undefined);
		return next;
	}

	/** Nothing more is wanted of the file. */
	end(): void {
		this.#slices.end();
	}
}

function byteReader(file: File): ReadableStreamBYOBReader | undefined {
	try {
		return file.stream().getReader({ mode: "byob" });
	} catch {
		return undefined;
	}
}

async function fill(stream: ReadableStreamBYOBReader): Promise<Slice> {
	let buffer = idle.pop() ?? new ArrayBuffer(SIZE);
	let length = 0;
	while (length < SIZE) {
		// A browser that knows `min` answers once, when the buffer is full: each answer is garbage.
		const { done, value } = await stream.read(new Uint8Array(buffer, length), {
			min: SIZE - length,
		});
		if (value) {
			buffer = value.buffer;
			length += value.byteLength;
		}
		if (done) {
			break;
		}
	}
	return { buffer, length };
}
