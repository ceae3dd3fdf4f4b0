// Measures how fast bytes go by, and says when it is time to tell the page again.

const EVERY_MS = 250;
const WINDOW_MS = 3000;

export class Meter {
	total = 0;
	done = 0;
	#toldAt = 0;
	readonly #marks: { at: number; done: number }[] = [];

	/** Whether the page has waited long enough for news; true at most four times a second. */
	isDue(): boolean {
		const now = performance.now();
		if (now - this.#toldAt < EVERY_MS) {
			return false;
		}
		this.#toldAt = now;
		return true;
	}

	/** Bytes per second over the last three seconds. */
	rate(): number {
		const now = performance.now();
		this.#marks.push({ at: now, done: this.done });
		while (this.#marks.length > 2 && now - (this.#marks[0]?.at ?? now) > WINDOW_MS) {
			this.#marks.shift();
		}
		const first = this.#marks[0];
		const ms = first ? now - first.at : 0;
		return first && ms > 0 ? ((this.done - first.done) * 1000) / ms : 0;
	}
}
