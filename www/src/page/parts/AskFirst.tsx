// A second pass that begins by itself over few connections, and over many only when asked for.
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { plural } from "../select/format.ts";
import * as packets from "../store/packets.ts";
import { Empty } from "./Common.tsx";

interface Props {
	task: "list" | "follow";
	begin: () => void;
	/** What the button for many connections says. */
	wish: string;
	children: ComponentChildren;
}

export function AskFirst({ task, begin, wish, children }: Props) {
	const reach = packets.reach.value;
	const isNone = packets.passes.value[task].state === "none";
	const isFew = reach !== undefined && reach.n_connections <= packets.MOST_UNASKED;
	useEffect(() => {
		if (isFew && packets.passes.value[task].state === "none") {
			begin();
		}
	}, [reach, isFew]);
	if (!reach) {
		return packets.isCounting.value ? null : (
			<Empty title="No connection of a capture passes the filter." />
		);
	}
	if (isNone && !isFew) {
		return (
			<Empty title={`${plural(reach.n_connections, "connection")}: more than are read unasked.`}>
				The filter above narrows them down; for all of them the captures are read once more.
				<button type="button" onClick={begin}>
					{wish}
				</button>
			</Empty>
		);
	}
	return children;
}
