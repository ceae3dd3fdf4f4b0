// Files on their way in: dropped, chosen or built in; with the sensor and site that go for all.
import { signal } from "@preact/signals";
import type { Evidence } from "../../shared/messages.ts";
import { chosenFiles, droppedFiles } from "../files.ts";
import { sampleCase } from "../sample.ts";
import { pairInReserve } from "../workers.ts";
import { add, awaitFiles, begin, isSample } from "./case.ts";
import { defaults } from "./look.ts";
import { go, route } from "./route.ts";

/** True while something is dragged over the page. */
export const isDraggedOver = signal(false);

/** Settled when all files so far were handed on: later ones wait for those before them. */
let last: Promise<void> = Promise.resolve();

function take(given: Evidence[]): void {
	if (given.length === 0) {
		return;
	}
	awaitFiles();
	const described = given.map((e) => ({ ...e, ...defaults.value }));
	last = last.then(async () => {
		const files = await unpacked(described);
		// Own evidence does not join the sample: it replaces it.
		if (isSample.value) {
			begin(files);
		} else {
			await add(files);
		}
	});
	if (route.value.view === "drop") {
		go("overview");
	}
}

/** These files and the members of archives among them. A worker that fails says so in the case. */
async function unpacked(given: Evidence[]): Promise<Evidence[]> {
	try {
		const pair = pairInReserve();
		await pair.ready;
		return await pair.reading.call("unpack", given);
	} catch {
		return given;
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
