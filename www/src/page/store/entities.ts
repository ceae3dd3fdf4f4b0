// Entities: which one is on show, the page of its story, and what is related to it.
import { batch, computed, effect, signal, untracked } from "@preact/signals";
import type { AllRelated, Related, Story } from "../../shared/evidence.ts";
import { describe } from "../../shared/link.ts";
import type { EntityKind } from "../../shared/records.ts";
import type { Finding } from "../../shared/report.ts";
import { aboutEntity, entityId, suspectsOf } from "../select/entities.ts";
import { siteOf, siteOfFinding } from "../select/findings.ts";
import {
	ask,
	canAsk,
	caseNumber,
	findings,
	generation,
	isRunning,
	report,
	sources,
} from "./case.ts";
import { go, route } from "./route.ts";

/** Rows of a story on show at once. */
export const PAGE = 200;
/** Entities of each kind named beside a story, and in the list of all. */
const MOST_RELATED = 12;
export const MOST_LISTED = 100;

export interface About {
	kind: EntityKind;
	value: string;
	/** The site of the row that it was met in; it counts for private addresses. */
	site?: string;
}

/** Entities by their numbers in addresses, which hold nothing else. */
const known = signal<About[]>([]);

export const story = signal<Story | undefined>(undefined);
export const related = signal<AllRelated | undefined>(undefined);
/** The first row on show. */
export const from = signal(0);
export const failure = signal<string | undefined>(undefined);
/** The entities of the whole case. */
export const all = signal<AllRelated | undefined>(undefined);
export const isWaiting = signal(false);

export const about = computed(() =>
	route.value.view === "entity" ? known.value[route.value.id - 1] : undefined,
);

/** The findings that have the entity among their subjects. */
export const itsFindings = computed(() => {
	const now = about.value;
	const site = story.value?.site;
	const isOf = (node: number) => site === undefined || siteOf(node, sources.value) === site;
	return now ? findings.value.filter((finding) => aboutEntity(finding, now, isOf)) : [];
});

/** The entities that findings are about. */
export const suspects = computed(() => {
	const all = sources.value;
	const isOneSite = all.every(({ site }) => site === all[0]?.site);
	// The report's own order: the gravest first, while reading too.
	const gravest = report.value?.findings ?? [];
	return suspectsOf(gravest, (finding) => (isOneSite ? undefined : siteOfFinding(finding, all)));
});

/** The findings about one, the gravest first. */
export const findingsAbout = ({ entity, value, site }: Related): Finding[] =>
	suspects.value.get(entityId(entity, value, site))?.findings ?? [];

/** Opens the view of an entity, as a row of that site has it. */
export function openEntity(kind: EntityKind, value: string, site?: string): void {
	const at = known.value.findIndex((e) => e.kind === kind && e.value === value && e.site === site);
	if (at < 0) {
		known.value = [...known.value, { kind, value, ...(site === undefined ? {} : { site }) }];
	}
	go("entity", at < 0 ? known.value.length : at + 1);
}

let version = 0;

async function refresh(): Promise<void> {
	const now = about.value;
	version += 1;
	const mine = version;
	if (!now || !canAsk.value) {
		return;
	}
	isWaiting.value = true;
	const { kind: entity, ...its } = now;
	try {
		const found = await ask().story({ entity, ...its, from: from.value, count: PAGE });
		if (mine !== version) {
			return;
		}
		batch(() => {
			failure.value = "wrong" in found ? found.wrong.message : undefined;
			story.value = "ok" in found ? found.ok : undefined;
		});
		const more = await ask().related({ entity, ...its, count: MOST_RELATED });
		if (mine === version && "ok" in more) {
			related.value = more.ok;
		}
	} catch (error) {
		if (mine === version) {
			failure.value = describe(error);
		}
	} finally {
		if (mine === version) {
			isWaiting.value = false;
		}
	}
}

/** Shows the rows from this one on. */
export function turnTo(row: number): void {
	from.value = Math.max(0, row);
	refresh();
}

async function listAll(): Promise<void> {
	if (!canAsk.value) {
		return;
	}
	const mine = caseNumber.value;
	const found = await ask()
		.related({ count: MOST_LISTED })
		.catch(() => undefined);
	if (mine === caseNumber.value && found && "ok" in found) {
		all.value = found.ok;
	}
}

effect(() => {
	if (about.value) {
		untracked(() => {
			batch(() => {
				story.value = undefined;
				related.value = undefined;
				failure.value = undefined;
				from.value = 0;
			});
			refresh();
		});
	}
});

// While evidence is read a story is not told anew with every report, but it is at the end.
effect(() => {
	const isNew = generation.value > 0 && !isRunning.value;
	const { view } = route.value;
	if (view === "entities" && generation.value > 0) {
		untracked(listAll);
	}
	if (view === "entity" && isNew) {
		untracked(refresh);
	}
});

effect(() => {
	if (caseNumber.value > 0) {
		untracked(() => {
			version += 1;
			batch(() => {
				known.value = [];
				story.value = undefined;
				related.value = undefined;
				all.value = undefined;
			});
		});
	}
});
