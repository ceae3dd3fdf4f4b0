// What the analyst set about the page itself. Kept until the page is closed, and stored nowhere.
import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

export const theme = signal<Theme>("system");
/** Copies are made harmless unless this is off. */
export const isDefanged = signal(true);
/** Which dialog is open. */
export const dialog = signal<"none" | "settings" | "keys" | "silence">("none");
/** What was last copied or saved, for those who do not see it happen. */
export const announcement = signal("");
/** What was just saved, or why it was not, for those who see: it goes by itself. */
export const notice = signal("");
const NOTICE_MS = 6000;
let noticeTimer: ReturnType<typeof setTimeout> | undefined;

/** Says something that happened to those who see and to those who hear the page. */
export function tell(text: string): void {
	announcement.value = text;
	notice.value = text;
	clearTimeout(noticeTimer);
	noticeTimer = setTimeout(() => {
		notice.value = "";
	}, NOTICE_MS);
}

/** Requests that this page made, as the browser counts them. */
export const requests = signal(0);
/** What the new files' sensor and site are, unless said otherwise for one. */
export const defaults = signal({ sensor: "", site: "" });

/** Megabytes that the browsable tables may take, from the next reading on; the core's own if undefined. */
export const tablesMb = signal<number | undefined>(undefined);
/** Milliseconds that the clocks of taps may be apart, likewise. */
export const tapMs = signal<number | undefined>(undefined);

effect(() => {
	document.documentElement.dataset.theme = theme.value;
});

/** Counts what the browser says this page asked any server for; its own blobs are none. */
export function countRequests(): void {
	const isRequest = (entry: PerformanceEntry) => !/^(blob|data):/.test(entry.name);
	new PerformanceObserver((list) => {
		requests.value += list.getEntries().filter(isRequest).length;
	}).observe({ type: "resource", buffered: true });
}
