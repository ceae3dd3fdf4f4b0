// Two times that limit findings and records: what a drag over the timeline does, for the keyboard.
import { useSignal } from "@preact/signals";
import type { Span } from "../../shared/report.ts";
import { second } from "../select/format.ts";
import { typedTime } from "../select/range.ts";
import { limitTo, range } from "../store/timeline.ts";
import { PlainInput } from "./PlainInput.tsx";

export function TimeRange({ span }: { span: Span }) {
	const from = useSignal(second(span.first));
	const to = useSignal(second(span.last));
	const wrong = useSignal("");
	const limit = (event: Event) => {
		event.preventDefault();
		const [first, last] = [typedTime(from.value, false), typedTime(to.value, true)];
		wrong.value = complaint(first, last);
		if (first && last && !wrong.value) {
			limitTo({ first, last });
		}
	};
	return (
		<form class="tl-range" onSubmit={limit}>
			<PlainInput caption="From" value={from.value} onText={(text) => (from.value = text)} />
			<PlainInput caption="to" value={to.value} onText={(text) => (to.value = text)} />
			<span class="dim">UTC</span>
			<button type="submit">Limit to these times</button>
			{range.value && (
				<button type="button" class="quiet" onClick={() => limitTo(undefined)}>
					Show all times
				</button>
			)}
			{wrong.value && (
				<span class="tl-wrong" role="alert">
					{wrong.value}
				</span>
			)}
		</form>
	);
}

function complaint(first: string | undefined, last: string | undefined): string {
	if (!first || !last) {
		return `${first ? "The end" : "The beginning"} is no time such as 2024-01-31 09:30:00.`;
	}
	return first > last ? "The end is before the beginning." : "";
}
