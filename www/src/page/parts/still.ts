// Keeps what was clicked where it is while the view around it takes another shape.

/** Scrolls the view so that `element` stays at its height on the screen over the next frames. */
export function holdStill(element: HTMLElement): void {
	const view = element.closest("main");
	const before = element.getBoundingClientRect().top;
	const follow = (frames: number) => {
		view?.scrollBy(0, element.getBoundingClientRect().top - before);
		if (frames > 0) {
			requestAnimationFrame(() => follow(frames - 1));
		}
	};
	// The panel opens in the next frame; its content may come one later.
	requestAnimationFrame(() => follow(2));
}
