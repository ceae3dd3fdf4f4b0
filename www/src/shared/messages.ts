// The closed set of messages between the page and its two workers; nothing else is ever posted.
import type {
	AllRelated,
	PassEnd,
	PassNews,
	PassRequest,
	Reach,
	Story,
	StoryQuery,
} from "./evidence.ts";
import type {
	ExportQuery,
	Filtered,
	Item,
	Rows,
	RowsQuery,
	Timeline,
	TimelineQuery,
	Values,
	ValuesQuery,
} from "./records.ts";
import type { Finding, Origin, Report } from "./report.ts";

/** One file as the analyst gave it: `path` is its place inside a dropped folder, or its name. */
export interface Evidence {
	file: File;
	path: string;
	sensor: string;
	site: string;
	/** The series of captures that it was put into; undefined while the times of packets decide. */
	series?: string;
	/** How the core reads it, when it is a member of an archive. */
	packed?: Packed;
	/** That archive. */
	of?: File;
	/** What the core tells of it, when it is an archive whose members are files of the case. */
	archive?: Archive;
}

/** The digest of a file, or of what a compressed member holds; none where not all could be read. */
export interface Hashed {
	file: number;
	sha256: string | undefined;
}

/** How the bytes of a member are to be read; the rest of it is the core's. */
export interface Packed {
	is_deflated: boolean;
	/** Length and checksum of the content, where the archive says them. */
	content?: [bigint | number, number];
}

/** What is told of an archive; only handed on. */
export interface Archive {
	counters: Record<string, bigint | number>;
}

/** A file as the core is told of it, member by member as its binding names them. */
export interface Described {
	name: string;
	size: number;
	sensor: string;
	site: string;
	/** Empty while the times of packets decide. */
	series: string;
	/** In hex, for files of equal size: the same file dropped twice counts once. */
	sha256?: string;
	/** When its first packet was taken, in nanoseconds since 1970; for captures only. */
	first_packet?: bigint;
	/** True for a file by which others are read, such as a key log. */
	is_aid?: boolean;
	more_follow: boolean;
	/** When the file that is opened next begins, where the two may overlap. */
	next_packet?: bigint | undefined;
	packed?: Packed | undefined;
	archive?: Archive | undefined;
}

/** How far one of the two workers is. */
export interface Progress {
	worker: "reading" | "analysing";
	/** Bytes behind it, and bytes in all. */
	done: number;
	total: number;
	/** Bytes per second over the last seconds. */
	rate: number;
	/** Size of this worker's wasm memory in bytes. */
	memory: number;
	/** Index of the file at work and the offset in it. */
	file: number;
	offset: number;
}

/** A worker broke down in this file: what was found before still stands. */
export interface Crash {
	file: number;
	offset: number;
	message: string;
}

/** A file, or its rest, that the browser could not read: moved, locked or changed since. */
export interface Unreadable {
	file: number;
	offset: number;
	message: string;
}

/** What the page asks of the reading worker. */
export type ReadingCalls = {
	/** Gives it the compiled core (for the digest) and its way to the analysing worker. */
	start(given: { module: WebAssembly.Module; analysing: MessagePort }): void;
	/** These files, with the members of archives behind them. */
	unpack(evidence: Evidence[]): Promise<Evidence[]>;
	/** Reads files; each is named by its index in the case, from `first` on. */
	read(given: { evidence: Evidence[]; first: number }): Promise<void>;
	/** Stops reading after the slice at work. */
	stop(): void;
};

/** What the page asks of the analysing worker. */
export type AnalysingCalls = {
	start(given: { module: WebAssembly.Module; reading: MessagePort }): void;
	/** Makes the core fast by running it over small captures, until a case begins. */
	warm(captures: ArrayBuffer[]): Promise<void>;
	/** Begins a case; settings left out are the core's own. */
	begin(settings: unknown): void;
	report(): Report;
	/** Findings by rule and key, whole, where the report shortened them. */
	findings(wanted: [string, string][]): (Finding | undefined)[];
	/** The report as the command writes it, byte for byte. */
	written(form: "text" | "json"): string;
	/** Leaves the rest of what was handed over and closes what is open; what was found stays. */
	stop(): Promise<void>;
	/** A piece of a file as it lies on disk. */
	bytes(range: { file: number; offset: number; length: number }): Uint8Array;
	/** One line or packet, decoded for a person. */
	item(at: Origin): Item;
	rows(query: RowsQuery): Filtered<Rows>;
	values(query: ValuesQuery): Filtered<Values>;
	timeline(query: TimelineQuery): Timeline;
	/** A table as a file. */
	write(query: ExportQuery): Promise<Blob>;
	story(query: StoryQuery): Filtered<Story>;
	related(query: Omit<StoryQuery, "from">): Filtered<AllRelated>;
	/** The connections of captures that rows belong to; `ok` is undefined when there are none. */
	reachOfRows(query: { kind: string; filter: string }): Filtered<Reach | undefined>;
	/** The connection of captures that one line or packet belongs to. */
	reachOfItem(at: Origin): Reach | undefined;
	/** A second pass; what it finds is told as it comes. */
	pass(request: PassRequest): Promise<PassEnd>;
	endPass(id: number): void;
};

/** A file in its place of the core's plan. */
export interface Planned {
	index: number;
	more_follow: boolean;
	next_packet?: bigint;
}

/**
 * What the reading worker asks of the analysing worker: a plan, then open, slices and close for each
 * file, several at once where the core wants that.
 */
export type FeedingCalls = {
	/** Files follow, each when it is asked for. Answered when all were worked off. */
	plan(): Promise<void>;
	/** No file follows, although one was asked for. */
	endPlan(): void;
	open(opened: { file: number; handle: File; described: Described; total: number }): void;
	/**
	 * Answered when the slice is worked off: the reading worker counts its credit by that. False
	 * when no format took the file, so that its rest need not be read.
	 */
	slice(slice: { file: number; buffer: ArrayBuffer; length: number }): Promise<boolean>;
	/**
	 * `unread`: bytes at its end that were not handed over, for the count of what is done. `isMore`:
	 * other files follow.
	 */
	close(closed: { file: number; unread: number; isMore: boolean }): Promise<void>;
	/** No more files follow. True when the case must be read again from its first file. */
	finish(): Promise<boolean>;
	/** Empties the case for that. */
	renew(): Promise<void>;
};

/** What the analysing worker tells the reading worker. */
export type FedCalls = {
	/** The buffer of a slice that is worked off, to be filled again. */
	spent(buffer: ArrayBuffer): void;
	/** The next file of the plan is to be opened. */
	next(): void;
};

/** What the workers tell the page. */
export type PageCalls = {
	progress(progress: Progress): void;
	report(report: Report): void;
	/** A file is a source of the case from here on, under this id. */
	opened(opened: { file: number; node: number }): void;
	/** All that will be read of a file was worked off. */
	closed(closed: { file: number }): void;
	/** Files were hashed, after all were analysed. */
	hashed(hashed: Hashed[]): void;
	unreadable(unreadable: Unreadable): void;
	crashed(crash: Crash): void;
	passing(news: PassNews): void;
};

/** A link that answers no calls. */
export type NoCalls = Record<string, never>;
