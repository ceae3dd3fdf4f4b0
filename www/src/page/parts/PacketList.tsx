// The packets of the chosen connections as a table; a click shows one decoded beside its bytes.
import type { Listed } from "../../shared/evidence.ts";
import type { Column } from "../../shared/records.ts";
import { sourceName } from "../select/findings.ts";
import { time } from "../select/format.ts";
import { type Cell, fittedWidth, textCell } from "../select/grid.ts";
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
	{ name: "from", type: "addr", doc: "The sender's address and port." },
	{ name: "to", type: "addr", doc: "The receiver's address and port." },
	{ name: "side", type: "bool", doc: "Who sent it: the originator or the responder." },
	{ name: "length", type: "count", doc: "Bytes on the wire." },
	{ name: "payload", type: "count", doc: "Bytes that it carries above its transport." },
	{ name: "flags", type: "bool", doc: "TCP flags." },
	{ name: "header", type: "string", doc: "Its innermost header in words." },
];

/** Said of each packet where they are of several captures: numbers begin anew in each. */
const CAPTURE: Column = { name: "capture", type: "string", doc: "The file that holds it." };

function columnsFor(isOneDay: boolean, isOneConnection: boolean, isOneCapture: boolean): Column[] {
	const shown = COLUMNS.filter(
		({ name }) => !isOneConnection || (name !== "from" && name !== "to"),
	);
	const dated = isOneDay
		? shown
		: shown.map((c) => (c.name === "time" ? { ...c, type: "time" } : c));
	return isOneCapture ? dated : [...dated, CAPTURE];
}

/** The day is said once, above the list, unless there are several. */
function cell(column: string, packet: Listed, first: Listed | undefined, isOneDay: boolean): Cell {
	const { orig = "", resp = "" } = packet.connection ?? {};
	switch (column) {
		case "time":
			return textCell(packet.ts ? time(packet.ts).slice(isOneDay ? 11 : 0) : "no time");
		case "after":
			return textCell(after(packet.ts, first?.ts), true);
		case "from":
			return textCell(visible(packet.is_orig ? orig : resp));
		case "to":
			return textCell(visible(packet.is_orig ? resp : orig));
		case "side":
			return {
				...textCell(packet.is_orig ? "orig →" : "← resp"),
				class: packet.is_orig ? "orig" : "resp",
			};
		case "length":
			return textCell(String(packet.wire_len), true);
		case "payload":
			return textCell(String(packet.payload_len), true);
		case "flags":
			return textCell(packet.flags);
		case "capture":
			return textCell(visible(sourceName(packet.at.node, sources.value)));
		default:
			return textCell(visible(packet.info));
	}
}

/**
 * Seconds between two times, to the microsecond: a millisecond is as far as Date goes. Captures are
 * listed one behind the other, so one may have been before the first of the list: nothing is after then.
 */
function after(ts: string | undefined, first: string | undefined): string {
	if (!ts || !first) {
		return "";
	}
	const micros = (at: string) => {
		const fraction = /\.(\d+)/.exec(at)?.[1] ?? "";
		return Date.parse(`${at.slice(0, 19)}Z`) * 1000 + Number(fraction.padEnd(6, "0").slice(0, 6));
	};
	const seconds = (micros(ts) - micros(first)) / 1e6;
	return seconds < 0 ? "" : seconds.toFixed(6);
}

export const PacketList = () => (
	<AskFirst task="list" begin={packets.list} wish="List their packets all the same">
		<Table />
	</AskFirst>
);

/** Packets by which the columns get their widths: more are not on show at first. */
const MEASURED = 100;

function Table() {
	const all = packets.packets.value;
	const open = shown.value?.at;
	const day = all[0]?.ts?.slice(0, 10);
	const isOneDay = day !== undefined && all.every((p) => p.ts?.startsWith(day) ?? true);
	const isOneCapture = all.every((p) => p.at.node === all[0]?.at.node);
	// Of one connection the ends stand above the list.
	const isOneConnection = all.every((p) => p.connection?.uid === all[0]?.connection?.uid);
	const columns = columnsFor(isOneDay, isOneConnection, isOneCapture);
	const row = (index: number) => {
		const packet = all[index];
		return (
			packet && {
				place: String(packet.at.item),
				source: visible(sourceName(packet.at.node, sources.value)),
				cells: columns.map(({ name }) => cell(name, packet, all[0], isOneDay)),
				isOpen: sameOrigin(open, packet.at),
			}
		);
	};
	const widthOf = (column: Column) =>
		fittedWidth(
			column,
			all.slice(0, MEASURED).map((p) => cell(column.name, p, all[0], isOneDay).text),
		);
	return (
		<>
			<PassLine
				task="list"
				noun={isOneDay ? `packets, ${day} UTC` : "packets"}
				shown={all.length}
			/>
			<Grid
				label="Packets"
				columns={columns.map((column) => ({ ...column, width: widthOf(column) }))}
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
