// The core's report as it crosses to JavaScript: plain data, as core/src/report defines it.
// Counts and sizes are bigints, times are text, and what the evidence lacks is undefined.

export type Severity = "info" | "low" | "medium" | "high";
export type Confidence = "low" | "medium" | "high";
export type Basis = "observed" | "reported" | "inferred" | "assumed";
export type Role = "actor" | "target" | "object";
export type Weight = "info" | "notice" | "data-loss" | "error";
export type Clock = "utc" | "utc-by-format" | "unknown" | "none";

export interface Span {
	first: string;
	last: string;
}

/** A pointer into the evidence: line or packet `item` of a source, at a byte offset in it. */
export interface Origin {
	node: number;
	item: bigint;
	offset: bigint;
	len: number;
}

export interface Subject {
	role: Role;
	kind: string;
	value: string;
}

export interface Fact {
	name: string;
	value: string;
	basis: Basis;
	threshold?: string;
	is_met?: boolean;
	points?: number;
	note?: string;
}

export interface Caveat {
	reading: string;
	settle: string;
}

export interface EvidenceRow {
	ts?: string;
	at: Origin;
	text: string;
	why: string;
}

export interface FindingEvidence {
	rows: EvidenceRow[];
	total: bigint;
	/** The kind and the expression that show all rows. */
	filter?: [string, string];
	/** The sources of its rows, where the finding is shortened: it is to be asked for. */
	left_out?: number[];
}

export interface Finding {
	rule: string;
	key: string;
	title: string;
	summary: string;
	severity: Severity;
	confidence: Confidence;
	score?: number;
	when?: Span;
	subjects: Subject[];
	facts: Fact[];
	evidence: FindingEvidence;
	caveats: Caveat[];
	missing: string[];
	attack: string[];
	includes: string[];
}

export interface KindSpan {
	count: bigint;
	first?: string;
	last?: string;
}

export interface Source {
	id: number;
	parent?: number;
	name: string;
	size?: bigint;
	format?: string;
	format_title?: string;
	/** What its items are called: `line`, `packet`. */
	item_noun: string;
	/** Each format's name with its reason, when none took the file. */
	refusals: [string, string][];
	sensor: string;
	site: string;
	/** The capture that this one goes on with. */
	continues?: number;
	/** The capture of another tap of the same network at the same time. */
	beside?: number;
	clock: Clock;
	counters: Record<string, bigint>;
	events: Record<string, KindSpan>;
	is_done: boolean;
}

export interface Actor {
	value: string;
	kind: string;
	statement: string;
	caveats: string[];
	/** Indices into the report's findings. */
	findings: bigint[];
	n_sources: bigint;
	when?: Span;
}

export interface RuleCoverage {
	rule: string;
	title: string;
	about: string;
	reads: Record<string, bigint>;
	is_blind: boolean;
	n_findings: bigint;
	limits: string;
}

export interface NoteRow {
	node: number;
	code: string;
	weight: Weight;
	meaning: string;
	count: bigint;
	/** Where it was noted; one place can stand for many. */
	places: bigint;
	earliest: { item: bigint; offset: bigint; len: number; detail: string }[];
}

/** A technique of ATT&CK, and how it says to detect it. */
export interface Technique {
	id: string;
	name: string;
	strategies: { id: string; name: string; analytics: string[] }[];
}

/** What ids of ATT&CK mean; `legend` tells what became of retired data sources. */
export interface Attack {
	version: string;
	techniques: Technique[];
	legend: { id: string; name: string; components: string[] }[];
}

/** A file that says whose network an address is in. */
export interface NetworkSource {
	name: string;
	/** In hex. */
	sha256: string;
	built?: string;
	about: string;
}

export interface Report {
	version: number;
	sources: Source[];
	findings: Finding[];
	actors: Actor[];
	coverage: RuleCoverage[];
	notes: NoteRow[];
	/** Files of networks that findings have terms from. */
	networks: NetworkSource[];
	records: Record<string, { seen: bigint; kept: bigint }>;
	span?: Span;
	attack: Attack;
}
