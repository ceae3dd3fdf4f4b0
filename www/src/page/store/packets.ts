// Packets of chosen connections: which are chosen, and the second passes over them.
import { batch, effect, signal, untracked } from "@preact/signals";
import type { Followed, Hit, Listed, PassNews, PassRequest, Reach } from "../../shared/evidence.ts";
import { describe } from "../../shared/link.ts";
import type { FilterError } from "../../shared/records.ts";
import type { EvidenceRow, Origin } from "../../shared/report.ts";
import { InTime } from "../select/packets.ts";
import { filterOfRow } from "../select/pivots.ts";
import { ask, canAsk, caseNumber, onPassing } from "./case.ts";
import { save } from "./copy.ts";
import { announcement } from "./look.ts";
import { go, route } from "./route.ts";

/** Connections that are listed or followed without being asked: more may take long. */
export const MOST_UNASKED = 200;

export type Tab = "packets" | "streams" | "search";

/** How a second pass is. */
export interface Pass {
	state: "none" | "running" | "done" | "cancelled" | "failed";
	total: number;
	missing: number;
	why?: string;
}

const NONE: Pass = { state: "none", total: 0, missing: 0 };

export const tab = signal<Tab>("packets");
/** The filter over connections in force, and the text being written. */
export const filter = signal("");
export const draft = signal("");
/** The connections that pass; undefined until they are counted, or when there are none. */
export const reach = signal<Reach | undefined>(undefined);
export const isCounting = signal(false);
export const wrong = signal<FilterError | undefined>(undefined);
export const packets = signal<Listed[]>([]);
/** Their order, while files are read one after the other. */
let inTime = new InTime();
export const followed = signal<Followed[]>([]);
export const hits = signal<Hit[]>([]);
export const passes = signal<Record<"list" | "follow" | "carve" | "search", Pass>>({
	list: NONE,
	follow: NONE,
	carve: NONE,
	search: NONE,
});

/** Where a search looks: in the streams of the chosen connections, in all packets, in a source's. */
export type Where = "streams" | "packets" | number;
export const where = signal<Where>("streams");
export const pattern = signal("");
export const isHex = signal(false);

/** Filters by their numbers in addresses, which hold nothing else. */
let scopes: string[] = [];
let version = 0;
let lastId = 0;
const running = new Map<number, "list" | "follow" | "carve" | "search">();

const set = (task: keyof typeof passes.value, pass: Partial<Pass>): void => {
	passes.value = { ...passes.value, [task]: { ...passes.value[task], ...pass } };
};

/** Opens the view on the connections that pass a filter. */
export function openPackets(text: string, on: Tab = "packets"): void {
	const known = scopes.indexOf(text);
	const id = known >= 0 ? known + 1 : scopes.push(text);
	tab.value = on;
	choose(text);
	go("packets", id);
}

/** The connections of one row or packet; false when there are none in a capture. */
export async function openItem(at: Origin, on: Tab = "packets"): Promise<boolean> {
	const found = await ask().reachOfItem(at);
	if (found) {
		openPackets(found.filter, on);
	}
	return found !== undefined;
}

/** The connections of the rows that pass a filter; false when there are none in a capture. */
export async function openRows(kind: string, text: string): Promise<boolean> {
	const found = await ask().reachOfRows(kind, text);
	if ("ok" in found && found.ok) {
		openPackets(found.ok.filter);
		return true;
	}
	return false;
}

/** The connections of the rows of several kinds that pass a filter. */
export async function openKinds(kinds: string[], text: string): Promise<boolean> {
	const filters = new Set<string>();
	for (const kind of kinds) {
		const found = await ask().reachOfRows(kind, text);
		if ("ok" in found && found.ok) {
			filters.add(filterOfRow(found.ok.filter));
		}
	}
	if (filters.size > 0) {
		openPackets([...filters].join(" or "));
	}
	return filters.size > 0;
}

/** The connections of the rows that a finding shows. */
export async function openEvidence(rows: EvidenceRow[]): Promise<boolean> {
	const filters = new Set<string>();
	for (const row of rows) {
		const found = await ask().reachOfItem(row.at);
		if (found) {
			filters.add(filterOfRow(found.filter));
		}
	}
	if (filters.size > 0) {
		openPackets([...filters].join(" or "));
	}
	return filters.size > 0;
}

/** Chooses the connections that pass. */
export function choose(text: string): void {
	batch(() => {
		draft.value = text;
		filter.value = text.trim();
		forget();
	});
	count();
}

function clearList(): void {
	inTime = new InTime();
	packets.value = [];
}

function forget(): void {
	version += 1;
	for (const [id, task] of running) {
		if (task !== "carve") {
			ask().endPass(id);
		}
	}
	batch(() => {
		reach.value = undefined;
		wrong.value = undefined;
		clearList();
		followed.value = [];
		hits.value = [];
		passes.value = { ...passes.value, list: NONE, follow: NONE, search: NONE };
	});
}

async function count(): Promise<void> {
	const mine = version;
	isCounting.value = true;
	const found = await ask()
		.reachOfRows("conn", filter.value)
		.catch(() => undefined);
	if (mine !== version) {
		return;
	}
	batch(() => {
		isCounting.value = false;
		if (found && "wrong" in found) {
			wrong.value = found.wrong;
		} else {
			reach.value = found?.ok;
		}
	});
}

/** Lists the packets, or follows the streams. */
export const list = (): Promise<void> => run("list", { task: "list", filter: filter.value });
export const follow = (): Promise<void> => run("follow", { task: "follow", filter: filter.value });

/** Writes the packets as a capture of their own. */
export const carve = (): Promise<void> => run("carve", { task: "carve", filter: filter.value });

/** Looks for the pattern. */
export function search(): Promise<void> {
	hits.value = [];
	const found = where.value;
	const scope =
		found === "streams"
			? { filter: filter.value, captures: [] }
			: { captures: found === "packets" ? [] : [found] };
	const words = { task: "search", pattern: pattern.value, isHex: isHex.value } as const;
	return run("search", { ...words, ...scope });
}

/** Stops a pass; what it found stays. */
export function cancel(task: keyof typeof passes.value): void {
	for (const [id, its] of running) {
		if (its === task) {
			ask().endPass(id);
		}
	}
}

type Asked = PassRequest extends infer R
	? R extends { id: number }
		? Omit<R, "id">
		: never
	: never;

async function run(task: keyof typeof passes.value, asked: Asked): Promise<void> {
	cancel(task);
	lastId += 1;
	const id = lastId;
	const mine = version;
	running.set(id, task);
	set(task, { ...NONE, state: "running" });
	if (task === "list") {
		clearList();
	}
	const isMine = () => (task === "carve" || mine === version) && running.has(id);
	try {
		const end = await ask().pass({ id, ...asked } as PassRequest);
		if (!isMine()) {
			return;
		}
		const state = end.isCancelled ? "cancelled" : "done";
		batch(() => {
			set(task, { state, total: end.total, missing: end.missing });
			if (task === "follow") {
				followed.value = end.followed;
			}
		});
		if (end.blob && !end.isCancelled) {
			save("offwire-carved.pcapng", end.blob);
		}
		announcement.value = `${task}: ${state}, ${end.total}`;
	} catch (error) {
		if (isMine()) {
			set(task, { state: "failed", why: describe(error) });
		}
	} finally {
		running.delete(id);
	}
}

onPassing.value = (news: PassNews) => {
	const task = running.get(news.id);
	if (!task) {
		return;
	}
	batch(() => {
		if (passes.value[task].state === "running") {
			set(task, { total: news.total });
		}
		if (news.packets.length > 0) {
			packets.value = inTime.add(news.packets);
		}
		if (news.hits.length > 0) {
			hits.value = [...hits.value, ...news.hits];
		}
	});
};

/** The address was changed by hand or by the browser's history. */
effect(() => {
	const { view, id } = route.value;
	if (view === "packets") {
		untracked(() => {
			const text = id === 0 ? filter.value : scopes[id - 1];
			if (text !== undefined && canAsk.value && (text !== filter.value || !reach.value)) {
				choose(text);
			}
		});
	}
});

effect(() => {
	if (caseNumber.value > 0) {
		untracked(() => {
			scopes = [];
			running.clear();
			version += 1;
			batch(() => {
				draft.value = "";
				filter.value = "";
				reach.value = undefined;
				wrong.value = undefined;
				clearList();
				followed.value = [];
				hits.value = [];
				pattern.value = "";
				passes.value = { list: NONE, follow: NONE, carve: NONE, search: NONE };
			});
		});
	}
});
