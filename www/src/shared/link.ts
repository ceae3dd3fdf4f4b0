// Typed messages over a worker or a port: a call is answered under its id, a tell is not.

// biome-ignore lint/suspicious/noExplicitAny: any function is one; `never` would refuse them all.
type Calls = { [name: string]: (argument: any) => unknown };
type Argument<C extends Calls, N extends keyof C> = Parameters<C[N]>[0];
type Answer<C extends Calls, N extends keyof C> = Awaited<ReturnType<C[N]>>;

type Message =
	| { kind: "call"; id: number; name: string; argument: unknown }
	| { kind: "tell"; name: string; argument: unknown }
	| { kind: "answer"; id: number; value: unknown }
	| { kind: "refusal"; id: number; message: string };

/** What a Worker, a MessagePort and a worker's own scope have in common. */
export interface Endpoint {
	postMessage(message: unknown, transfer: Transferable[]): void;
	onmessage: ((event: MessageEvent) => void) | null;
}

interface Waiting {
	resolve(value: unknown): void;
	reject(error: Error): void;
}

/** One end of a channel: answers `Local` calls by `handlers` and makes `Remote` ones. */
export class Link<Local extends Calls, Remote extends Calls> {
	readonly #endpoint: Endpoint;
	readonly #handlers: Local;
	readonly #waiting = new Map<number, Waiting>();
	#lastId = 0;

	constructor(endpoint: Endpoint, handlers: Local) {
		this.#endpoint = endpoint;
		this.#handlers = handlers;
		endpoint.onmessage = (event) => this.#receive(event.data as Message);
	}

	call<N extends keyof Remote & string>(
		name: N,
		argument: Argument<Remote, N>,
		transfer: Transferable[] = [],
	): Promise<Answer<Remote, N>> {
		const id = ++this.#lastId;
		const message: Message = { kind: "call", id, name, argument };
		return new Promise((resolve, reject) => {
			this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
			this.#endpoint.postMessage(message, transfer);
		});
	}

	tell<N extends keyof Remote & string>(
		name: N,
		argument: Argument<Remote, N>,
		transfer: Transferable[] = [],
	): void {
		this.#endpoint.postMessage({ kind: "tell", name, argument } satisfies Message, transfer);
	}

	/** Refuses all that still waits, when the other end is known to be gone. */
	abandon(why: string): void {
		for (const waiting of this.#waiting.values()) {
			waiting.reject(new Error(why));
		}
		this.#waiting.clear();
	}

	#receive(message: Message): void {
		switch (message.kind) {
			case "call":
				this.#answer(message.id, message.name, message.argument);
				break;
			case "tell":
				this.#handlers[message.name]?.(message.argument);
				break;
			case "answer":
				this.#taken(message.id)?.resolve(message.value);
				break;
			case "refusal":
				this.#taken(message.id)?.reject(new Error(message.message));
				break;
		}
	}

	async #answer(id: number, name: string, argument: unknown): Promise<void> {
		let reply: Message;
		try {
			const value = await this.#handlers[name]?.(argument);
			reply = { kind: "answer", id, value };
		} catch (error) {
			reply = { kind: "refusal", id, message: describe(error) };
		}
		this.#endpoint.postMessage(reply, []);
	}

	#taken(id: number): Waiting | undefined {
		const waiting = this.#waiting.get(id);
		this.#waiting.delete(id);
		return waiting;
	}
}

/** The words of anything thrown. */
export function describe(error: unknown): string {
	return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
