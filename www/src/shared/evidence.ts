// Second passes and stories as they cross between the workers and the page.
import type { EntityKind } from "./records.ts";
import type { Origin, Span } from "./report.ts";

/** Connections of captures, by a filter that passes their `conn` records. */
export interface Reach {
	filter: string;
	n_connections: bigint;
	/** Connections that the filter would have been too long for. */
	left_out: bigint;
	/** The ends, when it is only one. */
	ends?: string;
}

export interface Connection {
	uid: string;
	proto: string;
	orig: string;
	resp: string;
	packets: bigint;
}

/** One packet of a list. */
export interface Listed {
	at: Origin;
	ts?: string;
	/** The two ends of its connection. */
	connection?: Connection;
	is_orig: boolean;
	wire_len: number;
	payload_len: number;
	flags: string;
	info: string;
}

export type HitPlace =
	| { packet: { offset: number } }
	| { stream: { connection: number; is_orig: boolean; offset: number } };

export interface Hit {
	/** The packet that holds it; of a stream the one that holds its end. */
	at: Origin;
	place: HitPlace;
	len: number;
	form: "text" | "utf-16" | "bytes";
	context: { before: Uint8Array; hit: Uint8Array; behind: Uint8Array };
	/** Of a stream, its connection. */
	connection?: Connection;
}

export type Part =
	| { isOrig: boolean; gap: number }
	| { isOrig: boolean; start: number; len: number; at: Origin; ts: string };

/** A connection, followed: the bytes of both sides and the parts that they came in. */
export interface Followed {
	uid: string;
	origEnd: string;
	respEnd: string;
	orig: Uint8Array;
	resp: Uint8Array;
	parts: Part[];
}

/** What is asked of a second pass. */
export type PassRequest = { id: number } & (
	| { task: "list" | "follow" | "carve"; filter: string }
	| { task: "search"; pattern: string; isHex: boolean; filter?: string; captures: number[] }
);

/** What a pass that is under way has found since it last told. */
export interface PassNews {
	id: number;
	packets: Listed[];
	hits: Hit[];
	/** All packets or hits so far, told or not. */
	total: number;
}

/** A pass that is over. */
export interface PassEnd {
	isCancelled: boolean;
	/** Packets or hits in all; of followed streams the bytes that were left out. */
	total: number;
	/** Packets that were not found again. */
	missing: number;
	nConnections: number;
	followed: Followed[];
	/** The carved capture. */
	blob?: Blob;
}

/** An entity, and which rows of its story are wanted; without one the story of everything. */
export interface StoryQuery {
	entity?: EntityKind;
	value?: string;
	/** The site whose host it is, if it is a private address. */
	site?: string;
	from: number;
	count: number;
}

export interface StoryField {
	name: string;
	value: string;
	entity?: EntityKind;
}

/** An address, and its port where there is one. */
export type StoryEnd = [string, number | undefined];

export interface StoryRow {
	kind: string;
	ts?: string;
	at: Origin;
	orig?: StoryEnd;
	resp?: StoryEnd;
	fields: StoryField[];
}

/** A part of the story of an entity: rows of all kinds by time. */
export interface Story {
	rows: StoryRow[];
	total: bigint;
	kinds: Record<string, bigint>;
	span?: Span;
	untimed: bigint;
	/** The filter that passes these rows. */
	filter: string;
	/** The site whose host it is, where several sites have hosts of that address. */
	site?: string;
}

export interface Related {
	entity: EntityKind;
	value: string;
	/** The site whose host it is, where several sites have hosts of that address. */
	site?: string;
	count: bigint;
	span?: Span;
}

export interface AllRelated {
	top: Related[];
	n_distinct: Partial<Record<EntityKind, bigint>>;
	/** Rows looked at, the earliest. */
	n_looked_at: bigint;
}
