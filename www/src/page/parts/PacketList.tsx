// The packets of the chosen connections as a table; a click shows one decoded beside its bytes.
import type { Listed } from "../../shared/evidence.ts";
import type { Column } from "../../shared/records.ts";
import { sourceName } from "../select/findings.ts";
import { time } from "../select/format.ts";
import type { Cell } from "../select/grid.ts";
import { visible } from "../select/text.ts";
import { sources } from "../store/case.ts";
import { sameOrigin, show, shown } from "../store/item.ts";
import * as packets from "../store/packets.ts";
import { AskFirst } from "./AskFirst.tsx";
import { Grid } from "./Grid.tsx";
import { PassLine } from "./PassLine.tsx";

const COLUMNS: Column[] = [
	{ name: "time", type: "addr", doc: "When it was captured, in UTC." },
	{ name: "after", type: "interval", doc: "Seconds since the first packet of the list." },
	{ name: "side", type: "bool", doc: "Who sent it: the originator or the responder." },
	{ name: "length", type: "count", doc: "Bytes on the wire." },
	{ name: "payload", type: "count", doc: "Bytes that it carries above its transport." },
	{ name: "flags", type: "bool", doc: "TCP flags." },
	{ name: "header", type: "string", doc: "Its innermost header in words." },
];

const text = (value: string, isNumber = false): Cell => ({ text: value, isUnset: false, isNumber });

/** The day is said once, above the list, unless there are several. */
function cells(packet: Listed, first: Listed | undefined, isOneDay: boolean): Cell[] {
	return [
		text(packet.ts ? time(packet.ts).slice(isOneDay ? 11 : 0) : "no time"),
		text(after(packet.ts, first?.ts), true),
		{ ...text(packet.is_orig ? "orig →" : "← resp"), class: packet.is_orig ? "orig" : "resp" },
		text(String(packet.wire_len), true),
		text(String(packet.payload_len), true),
		text(packet.flags),
		text(visible(packet.info)),
	];
}

/** Seconds between two times, to the microsecond: a millisecond is as far as Date goes. */
function after(ts: string | undefined, first: string | undefined): string {
	if (!ts || !first) {
		return "";
	}
	const micros = (at: string) => {
		const fraction = /\.(\d+)/.exec(at)?.[1] ?? "";
		return Date.parse(`${at.slice(0, 19)}Z`) * 1000 + Number(fraction.padEnd(6, "0").slice(0, 6));
	};
	return ((micros(ts) - micros(first)) / 1e6).toFixed(6);
}

export const PacketList = () => (
	<AskFirst task="list" begin={packets.list} wish="List their packets all the same">
		<Table />
	</AskFirst>
);

function Table() {
	const all = packets.packets.value;
	const open = shown.value?.at;
	const day = all[0]?.ts?.slice(0, 10);
	const isOneDay = day !== undefined && all.every((p) => p.ts?.startsWith(day) ?? true);
	const columns = isOneDay
		? COLUMNS
		: COLUMNS.map((c, i) => (i === 0 ? { ...c, type: "time" } : c));
	const row = (index: number) => {
		const packet = all[index];
		return (
			packet && {
				place: String(packet.at.item),
				source: visible(sourceName(packet.at.node, sources.value)),
				cells: cells(packet, all[0], isOneDay),
				isOpen: sameOrigin(open, packet.at),
			}
		);
	};
	return (
		<>
			<PassLine
				task="list"
				noun={isOneDay ? `packets, ${day} UTC` : "packets"}
				shown={all.length}
			/>
			<Grid
				label="Packets"
				columns={columns}
				total={all.length}
				sort={undefined}
				row={row}
				want={nothing}
				question={0}
				otherRows={0}
				isWaiting={false}
				onRow={(index) => {
					const packet = all[index];
					if (packet) {
						show(packet.at);
					}
				}}
			/>
		</>
	);
}

/** All rows are here already. */
const nothing = (): void => undefined;
