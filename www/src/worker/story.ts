// The story of an entity, asked of the core by the filter that the core makes for it.
import type { AllRelated, Story, StoryQuery } from "../shared/evidence.ts";
import type { EntityKind, Filtered } from "../shared/records.ts";
import type { Case } from "../wasm/offwire_wasm.js";

interface About {
	entity?: EntityKind;
	value?: string;
	site?: string;
}

interface Its {
	filter: string;
	site?: string;
}

const its = (theCase: Case, { entity, value, site }: About): Its =>
	entity && value !== undefined
		? (theCase.entityFilter(entity, value, site) as Its)
		: { filter: "" };

export function story(theCase: Case, query: StoryQuery): Filtered<Story> {
	const { filter, site } = its(theCase, query);
	const found = theCase.story(filter, query.from, query.count) as Filtered<
		Omit<Story, "filter" | "site">
	>;
	return "ok" in found
		? { ok: { ...found.ok, filter, ...(site === undefined ? {} : { site }) } }
		: found;
}

export function related(theCase: Case, query: About & { count: number }): Filtered<AllRelated> {
	return theCase.related(its(theCase, query).filter, query.count) as Filtered<AllRelated>;
}
