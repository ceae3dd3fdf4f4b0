// The first of many, and the rest step by step: whoever wants more asks for it.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { count } from "../select/format.ts";

interface Steps {
	/** How many to show now. */
	most: number;
	/** The button for the next ones; null when all are shown. */
	more: ComponentChildren;
	showAll: () => void;
}

export function useSteps(total: number, step: number): Steps {
	const [most, setMost] = useState(step);
	const left = total - most;
	return {
		most,
		showAll: () => setMost(Infinity),
		more:
			left > 0 ? (
				<button type="button" class="steps" onClick={() => setMost(most + step)}>
					{left > step
						? `Show ${count(step)} of the other ${count(left)}`
						: `Show the other ${count(left)}`}
				</button>
			) : null,
	};
}
