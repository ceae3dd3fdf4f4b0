// Files on their way in: dropped, chosen or built in; with the sensor and site that go for all.
import { signal } from "@preact/signals";
import type { Evidence } from "../../shared/messages.ts";
import { chosenFiles, droppedFiles } from "../files.ts";
import { sampleCase } from "../sample.ts";
import { add, begin, isSample, state } from "./case.ts";
import { defaults } from "./look.ts";
import { go, route } from "./route.ts";

/** True while something is dragged over the page. */
export const isDraggedOver = signal(false);

function take(given: Evidence[]): void {
	if (given.length === 0) {
		return;
	}
	const described = given.map((e) => ({ ...e, ...defaults.value }));
	// Own evidence does not join the sample: it replaces it.
	if (state.value === "waiting" || isSample.value) {
		begin(described);
	} else {
		add(described);
	}
	if (route.value.view === "drop") {
		go("overview");
	}
}

export function choose(input: HTMLInputElement): void {
	const given = input.files ? chosenFiles(input.files) : [];
	take(given);
	// So that the same files can be chosen again.
	input.value = "";
}

export function openSample(): void {
	begin(sampleCase(), true);
	go("overview");
}

export function watchDrops(): void {
	addEventListener("dragover", (event) => {
		event.preventDefault();
		isDraggedOver.value = true;
	});
	addEventListener("dragleave", (event) => {
		if (!event.relatedTarget) {
			isDraggedOver.value = false;
		}
	});
	addEventListener("drop", async (event) => {
		event.preventDefault();
		isDraggedOver.value = false;
		if (event.dataTransfer) {
			take(await droppedFiles(event.dataTransfer));
		}
	});
}
