// Keeps what was clicked where it is while the view around it takes another shape.

/** Scrolls the view so that the panel, which lies over it on a narrow screen, leaves it in sight. */
function uncover(element: HTMLElement): void {
	const panel = document.querySelector(".evidence-panel")?.getBoundingClientRect();
	const { left, bottom } = element.getBoundingClientRect();
	if (panel && panel.left <= left && panel.top < bottom) {
		element.closest("main")?.scrollBy(0, bottom - panel.top);
	}
}

/** Scrolls the view so that `element` stays at its height on the screen over the next frames. */
export function holdStill(element: HTMLElement): void {
	const view = element.closest("main");
	const before = element.getBoundingClientRect().top;
	const follow = (frames: number) => {
		view?.scrollBy(0, element.getBoundingClientRect().top - before);
		if (frames > 0) {
			requestAnimationFrame(() => follow(frames - 1));
		} else {
			uncover(element);
		}
	};
	// The panel opens in the next frame; its content may come one later.
	requestAnimationFrame(() => follow(2));
}
