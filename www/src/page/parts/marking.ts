// Whoever marks text to copy it does not ask for what a click on it does.

/** True for the click that ends the marking of text in what was clicked. */
export function isMarking(event: MouseEvent): boolean {
	const marked = getSelection();
	return marked?.isCollapsed === false && marked.containsNode(event.target as Node, true);
}
