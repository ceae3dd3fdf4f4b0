// Second passes, piece by piece: between two pieces the worker answers what else it is asked.
import type {
	Connection,
	Followed,
	Hit,
	Listed,
	Part,
	PassEnd,
	PassNews,
	PassRequest,
} from "../shared/evidence.ts";
import type { Case, Pass } from "../wasm/offwire_wasm.js";

/** Time between two pieces of news about a pass. */
const NEWS_MS = 150;
/** Bytes of a carved capture held by this worker; beyond that they are handed to the browser. */
const HELD = 32 << 20;

/** The core's sizes and indices cross as bigints; here all of them fit a number. */
type RawListed = Omit<Listed, "connection"> & { connection: bigint };
type RawHit = Omit<Hit, "place" | "len" | "context"> & {
	place:
		| { packet: { offset: bigint } }
		| { stream: { connection: bigint; is_orig: boolean; offset: bigint } };
	len: bigint;
	context: { before: number[]; hit: number[]; behind: number[] };
};
type RawPart = { isOrig: boolean } & (
	| { gap: bigint }
	| { start: bigint; len: bigint; at: Listed["at"]; ts: string }
);
type RawFollowed = Omit<Followed, "parts"> & { parts: RawPart[] };

export class Passes {
	readonly #theCase: () => Case;
	readonly #breathe: () => Promise<void>;
	readonly #tell: (news: PassNews) => void;
	/** Passes that are to stop. */
	readonly #ended = new Set<number>();

	constructor(theCase: () => Case, breathe: () => Promise<void>, tell: (news: PassNews) => void) {
		this.#theCase = theCase;
		this.#breathe = breathe;
		this.#tell = tell;
	}

	end(id: number): void {
		this.#ended.add(id);
	}

	async run(request: PassRequest): Promise<PassEnd> {
		const pass = begin(this.#theCase(), request);
		const take = new Taking(pass, request);
		let toldAt = 0;
		try {
			while (!this.#ended.has(request.id) && this.#theCase().passOn(pass)) {
				take.piece();
				if (performance.now() - toldAt > NEWS_MS) {
					toldAt = performance.now();
					this.#tell(take.news());
				}
				await this.#breathe();
			}
			// Streams that were open at the end give their last bytes now.
			take.piece();
			this.#tell(take.news());
			return take.end(this.#ended.delete(request.id));
		} finally {
			pass.free();
		}
	}
}

function begin(theCase: Case, request: PassRequest): Pass {
	return request.task === "search"
		? theCase.search(
				request.pattern,
				request.isHex,
				request.filter,
				Uint32Array.from(request.captures),
			)
		: theCase.pass(request.task, request.filter);
}

/** What is taken out of a pass, until it is told. */
class Taking {
	readonly #pass: Pass;
	readonly #request: PassRequest;
	readonly #connections = new Map<number, Connection>();
	#packets: Listed[] = [];
	#hits: Hit[] = [];
	#blocks: BlobPart[] = [];
	#held = 0;

	constructor(pass: Pass, request: PassRequest) {
		this.#pass = pass;
		this.#request = request;
	}

	/** Takes what one piece of a file gave. */
	piece(): void {
		switch (this.#request.task) {
			case "list":
				for (const packet of this.#pass.take() as RawListed[]) {
					const { connection, ...rest } = packet;
					this.#packets.push({ ...rest, ...this.#ends(Number(connection)) });
				}
				break;
			case "search":
				for (const hit of this.#pass.take() as RawHit[]) {
					this.#hits.push(this.#hit(hit));
				}
				break;
			case "carve":
				this.#carved(this.#pass.take() as Uint8Array<ArrayBuffer>);
				break;
			// Of followed streams all is taken at the end.
			case "follow":
				break;
		}
	}

	news(): PassNews {
		const news = {
			id: this.#request.id,
			packets: this.#packets,
			hits: this.#hits,
			total: Number(this.#pass.total()),
		};
		this.#packets = [];
		this.#hits = [];
		return news;
	}

	end(isCancelled: boolean): PassEnd {
		const pass = this.#pass;
		const { task } = this.#request;
		const end = {
			isCancelled,
			total: Number(pass.total()),
			missing: isCancelled ? 0 : Number(pass.missing()),
			nConnections: pass.connectionCount(),
			followed: task === "follow" ? (pass.take() as RawFollowed[]).map(followed) : [],
		};
		const type = "application/vnd.tcpdump.pcap";
		return task === "carve" ? { ...end, blob: new Blob(this.#blocks, { type }) } : end;
	}

	#carved(bytes: Uint8Array<ArrayBuffer>): void {
		this.#blocks.push(bytes);
		this.#held += bytes.length;
		if (this.#held > HELD) {
			this.#blocks = [new Blob(this.#blocks)];
			this.#held = 0;
		}
	}

	#hit({ at, place, len, form, context }: RawHit): Hit {
		const bytes = (list: number[]) => Uint8Array.from(list);
		const { before, hit, behind } = context;
		const told = {
			at,
			len: Number(len),
			form,
			context: { before: bytes(before), hit: bytes(hit), behind: bytes(behind) },
		};
		if ("packet" in place) {
			return { ...told, place: { packet: { offset: Number(place.packet.offset) } } };
		}
		const { connection: index, is_orig, offset } = place.stream;
		const stream = { connection: Number(index), is_orig, offset: Number(offset) };
		return { ...told, place: { stream }, ...this.#ends(stream.connection) };
	}

	/** The connection as a field of what is told, if there is one of this index. */
	#ends(index: number): { connection?: Connection } {
		const connection = this.#connection(index);
		return connection ? { connection } : {};
	}

	#connection(index: number): Connection | undefined {
		const known = this.#connections.get(index);
		const connection = known ?? (this.#pass.connection(index) as Connection | undefined);
		if (connection) {
			this.#connections.set(index, connection);
		}
		return connection;
	}
}

function followed({ parts, ...rest }: RawFollowed): Followed {
	return { ...rest, parts: parts.map(part) };
}

function part(raw: RawPart): Part {
	if ("gap" in raw) {
		return { isOrig: raw.isOrig, gap: Number(raw.gap) };
	}
	return { ...raw, start: Number(raw.start), len: Number(raw.len) };
}
