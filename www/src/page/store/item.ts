// The item of evidence on show beside a view: one line or packet, fetched by a second pass.
import { signal } from "@preact/signals";
import { describe } from "../../shared/link.ts";
import type { Item } from "../../shared/records.ts";
import type { Origin } from "../../shared/report.ts";
import { ask } from "./case.ts";

export type Shown =
	| { at: Origin; state: "loading" }
	| { at: Origin; state: "here"; item: Item; mark?: { start: number; len: number } }
	| { at: Origin; state: "failed"; why: string };

export const shown = signal<Shown | undefined>(undefined);

export const sameOrigin = (a: Origin | undefined, b: Origin): boolean =>
	a !== undefined && a.node === b.node && a.item === b.item && a.offset === b.offset;

/** Shows an item, with these bytes of it marked; the last one asked for wins. */
export async function show(at: Origin, mark?: { start: number; len: number }): Promise<void> {
	// What is there stays until the new one comes: nothing jumps.
	if (shown.value?.state !== "here") {
		shown.value = { at, state: "loading" };
	}
	wanted = at;
	try {
		const item = await ask().item(at);
		if (wanted === at) {
			shown.value = mark ? { at, state: "here", item, mark } : { at, state: "here", item };
		}
	} catch (error) {
		if (wanted === at) {
			shown.value = { at, state: "failed", why: describe(error) };
		}
	}
}

let wanted: Origin | undefined;

// What stood beside one view says nothing beside another.
addEventListener("hashchange", hide);

export function hide(): void {
	wanted = undefined;
	shown.value = undefined;
}
