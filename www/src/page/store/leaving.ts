// What holds outside the page: the tab's title tells how far reading is, and no case is lost by a slip.
import { effect } from "@preact/signals";
import { evidence, isRunning, isSample, progress } from "./case.ts";

const NAME = document.title;

/** Shows in the tab how far reading is: who reads gigabytes looks at other tabs meanwhile. */
export function watchTitle(): void {
	effect(() => {
		const { done = 0, total = 0 } = progress.value.analysing ?? {};
		const part = total > 0 ? Math.floor((100 * done) / total) : 0;
		document.title = isRunning.value ? `${part}% · ${NAME}` : NAME;
	});
}

/**
 * Has the browser ask before the tab goes with a case in it: nothing is stored, so it would have to be
 * read again. The sample is there again with one click.
 */
export function watchLeaving(): void {
	addEventListener("beforeunload", (event) => {
		if (evidence.value.length > 0 && !isSample.value) {
			event.preventDefault();
		}
	});
}
