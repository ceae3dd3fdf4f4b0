// The keyboard: one listener for the page; it keeps out of fields and of what the browser itself does.

import { showNearby } from "./parts/nearby.ts";
import { idOf } from "./store/case.ts";
import { listed, placeOf } from "./store/findings.ts";
import { hide, shown } from "./store/item.ts";
import { dialog } from "./store/look.ts";
import { go, route, VIEWS } from "./store/route.ts";

/** Rows of a list, walked with the arrow keys. */
const ROWS = [".evidence-place", ".finding-row", ".hit-row", ".story-place"];

function walk(by: 1 | -1): boolean {
	// From a value within a row too.
	const here = document.activeElement?.closest("li");
	const list = ROWS.find((rows) => here?.querySelector(rows));
	if (!here || !list) {
		return false;
	}
	const rows = [...document.querySelectorAll<HTMLElement>(list)];
	const at = rows.findIndex((row) => here.contains(row));
	rows[Math.min(Math.max(at + by, 0), rows.length - 1)]?.focus();
	return true;
}

/** To the next or the previous finding, in the list or from one to the other. */
function step(by: 1 | -1): void {
	if (route.value.view === "finding") {
		const { before, after } = placeOf(route.value.id);
		const id = by > 0 ? after : before;
		if (id) {
			hide();
			go("finding", id);
		}
		return;
	}
	const rows = [...document.querySelectorAll<HTMLElement>(".finding-row")];
	const at = rows.indexOf(document.activeElement as HTMLElement);
	rows[Math.min(Math.max(at + by, 0), rows.length - 1)]?.focus();
	if (rows.length === 0 && listed.value[0]) {
		go("finding", idOf(listed.value[0]));
	}
}

function back(): void {
	if (shown.value) {
		hide();
	} else if (route.value.view === "finding") {
		go("findings");
	} else if (route.value.view === "entity") {
		go("entities");
	}
}

function press(event: KeyboardEvent): boolean {
	const view = VIEWS[Number(event.key) - 1];
	if (view) {
		go(view);
		return true;
	}
	switch (event.key) {
		case "/":
			document.querySelector<HTMLElement>(".filter-text")?.focus();
			return true;
		case "ArrowDown":
			return walk(1);
		case "ArrowUp":
			return walk(-1);
		case "j":
			step(1);
			return true;
		case "k":
			step(-1);
			return true;
		case "n":
			showNearby(1);
			return true;
		case "p":
			showNearby(-1);
			return true;
		case "?":
			dialog.value = "keys";
			return true;
		case "Escape":
			back();
			return true;
		default:
			return false;
	}
}

export function watchKeys(): void {
	addEventListener("keydown", (event) => {
		const target = event.target as HTMLElement;
		const isField = target.matches("input[type=text], select, textarea");
		if (isField && event.key === "Escape") {
			target.blur();
			return;
		}
		if (isField || dialog.value !== "none" || event.ctrlKey || event.metaKey || event.altKey) {
			return;
		}
		if (!event.defaultPrevented && press(event)) {
			event.preventDefault();
		}
	});
}
