// What a second pass says of itself: how much it found so far, how it ended, and the way to stop it.
import { count } from "../select/format.ts";
import { cancel, type Pass, passes } from "../store/packets.ts";

interface PassLineProps {
	task: "list" | "follow" | "search";
	/** What its total counts, in the plural. */
	noun: string;
	/** How many of them are on show. */
	shown: number;
}

const END: Record<Pass["state"], string> = {
	none: "",
	running: "so far",
	done: "",
	cancelled: "until it was stopped",
	failed: "until it failed",
};

export function PassLine({ task, noun, shown }: PassLineProps) {
	const pass = passes.value[task];
	// What was followed says itself how much it is; only what was left out is told.
	const isTold = task !== "follow" || pass.total > 0;
	const bare = pass.state === "running" ? "reading…" : END[pass.state];
	if (pass.state === "none") {
		return null;
	}
	return (
		<p class="pass-line dim num" role="status" data-pass={pass.state}>
			{isTold ? [`${count(pass.total)} ${noun}`, END[pass.state]].filter(Boolean).join(" ") : bare}
			{shown < pass.total && shown > 0 && `, the first ${count(shown)} on show`}
			{pass.missing > 0 && (
				<strong>
					{" "}
					{count(pass.missing)} packets were not found again: the file has changed or is cut
				</strong>
			)}
			{pass.why && <strong> {pass.why}</strong>}
			{pass.state === "running" && (
				<button type="button" class="quiet" onClick={() => cancel(task)}>
					Cancel
				</button>
			)}
		</p>
	);
}
