// Text of the evidence on the page: made visible, kept apart from the text around it, and a pivot.

import { everywhere } from "../select/pivots.ts";
import { visible } from "../select/text.ts";
import { openWith } from "../store/records.ts";
import { go } from "../store/route.ts";

/** Any text of the evidence. */
export function Ev({ text, class: name = "" }: { text: string; class?: string }) {
	return (
		<bdi class={`ev ${name}`} translate={false}>
			{visible(text)}
		</bdi>
	);
}

/** A value of the evidence: a click shows it everywhere. */
export function Pivot({ value, class: name = "" }: { value: string; class?: string }) {
	const open = (event: MouseEvent) => {
		event.stopPropagation();
		const found = everywhere(value);
		openWith(event.altKey ? `not (${found})` : found);
		go("records");
	};
	return (
		<button
			type="button"
			class={`pivot ${name}`}
			onClick={open}
			title="Show all records with this value (Alt: all without it)"
		>
			<Ev text={value} />
		</button>
	);
}
