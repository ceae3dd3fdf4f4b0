// The rows before and behind the one whose evidence is on show, in whatever list or table it is.

/** What in a list leads to the evidence of its row. */
const PLACES = ".evidence-place, .hit-row, .story-place, .said-by, .note-places button";

/** What to press for the evidence of the row that is so many further on. */
function nearby(by: 1 | -1): HTMLElement | undefined {
	const row = document.querySelector(".grid tr[aria-selected=true]");
	const sibling = by > 0 ? row?.nextElementSibling : row?.previousElementSibling;
	if (row) {
		return sibling?.querySelector<HTMLElement>("th[data-cell]") ?? undefined;
	}
	const places = [...document.querySelectorAll<HTMLElement>(PLACES)];
	const open = places.findIndex((place) => place.getAttribute("aria-pressed") === "true");
	return open < 0 ? undefined : places[open + by];
}

export const hasNearby = (by: 1 | -1): boolean => nearby(by) !== undefined;

/** Shows the evidence of the next or the previous row. */
export function showNearby(by: 1 | -1): void {
	const place = nearby(by);
	place?.scrollIntoView({ block: "nearest" });
	place?.click();
}
