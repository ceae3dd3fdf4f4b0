// The story of an entity, asked of the core by the filter that the core makes for it.
import type { AllRelated, Story, StoryQuery } from "../shared/evidence.ts";
import type { EntityKind, Filtered } from "../shared/records.ts";
import { type Case, entityFilter } from "../wasm/offwire_wasm.js";

interface About {
	entity?: EntityKind;
	value?: string;
}

const filterOf = ({ entity, value }: About): string =>
	entity && value !== undefined ? entityFilter(entity, value) : "";

export function story(theCase: Case, query: StoryQuery): Filtered<Story> {
	const filter = filterOf(query);
	const found = theCase.story(filter, query.from, query.count) as Filtered<Omit<Story, "filter">>;
	return "ok" in found ? { ok: { ...found.ok, filter } } : found;
}

export function related(theCase: Case, query: About & { count: number }): Filtered<AllRelated> {
	return theCase.related(filterOf(query), query.count) as Filtered<AllRelated>;
}
