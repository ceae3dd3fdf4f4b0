// The way to packets from anything that may have some; says so when it has none.
import { useSignal } from "@preact/signals";
import { isCapture } from "../select/coverage.ts";
import { canAsk, sources } from "../store/case.ts";

interface ToPacketsProps {
	/** Opens them; false when there are none in a capture. */
	open: () => Promise<boolean>;
	/** What it leads to. */
	label?: string;
	class?: string;
}

/** Nothing while no capture is in the case. */
export function ToPackets({ open, label = "Packets", class: name = "quiet" }: ToPacketsProps) {
	const said = useSignal("");
	if (!sources.value.some(isCapture) || !canAsk.value) {
		return null;
	}
	const go = async () => {
		said.value = "looking for them…";
		const found = await open().catch(() => false);
		said.value = found ? "" : "none of this is from a capture";
	};
	return (
		<>
			<button
				type="button"
				class={name}
				onClick={go}
				title="The packets and streams of the connections behind this"
			>
				{label}
			</button>
			<span class="dim" role="status">
				{said.value}
			</span>
		</>
	);
}
