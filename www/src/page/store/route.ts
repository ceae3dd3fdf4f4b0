// Where the page is: a view and at most one small number, kept in the hash and nowhere else.
import { signal } from "@preact/signals";

export const VIEWS = [
	"overview",
	"findings",
	"entities",
	"records",
	"packets",
	"files",
	"coverage",
	"notes",
	"report",
] as const;
/** Views that are reached from others, and have no place among the keys. */
const INNER = ["drop", "entity", "finding"] as const;
export type View = (typeof VIEWS)[number] | (typeof INNER)[number];

export interface Route {
	view: View;
	/** The number of the finding, entity or scope of packets; 0 when the view has none. */
	id: number;
}

function parse(hash: string): Route {
	const [, view, id] = /^#\/([a-z]+)(?:-(\d{1,9}))?$/.exec(hash) ?? [];
	const isKnown = [...INNER, ...VIEWS].some((known) => known === view);
	return isKnown ? { view: view as View, id: Number(id ?? 0) } : { view: "overview", id: 0 };
}

export const route = signal<Route>(parse(location.hash));

/** The address of a view: made of our own words and numbers only. */
export const href = (view: View, id?: number): string => (id ? `#/${view}-${id}` : `#/${view}`);

/** The view before this one. */
let before: Route = route.value;

function turnTo(next: Route): void {
	if (next.view !== route.value.view || next.id !== route.value.id) {
		before = route.value;
		route.value = next;
	}
}

/** True when the view before this one was that. */
export const cameFrom = (view: View, id: number): boolean =>
	before.view === view && before.id === id;

export function go(view: View, id?: number): void {
	if (location.hash === href(view, id)) {
		return;
	}
	location.hash = href(view, id);
	// The event comes later; the next key may come before it.
	turnTo(parse(location.hash));
}

addEventListener("hashchange", () => turnTo(parse(location.hash)));
