// The evidence panel: a raw line with its fields marked, or a packet's fields beside its bytes.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Item, ItemField } from "../../shared/records.ts";
import type { Origin } from "../../shared/report.ts";
import { isCapture } from "../select/coverage.ts";
import { siteOf, sourceName } from "../select/findings.ts";
import { count, plural } from "../select/format.ts";
import { byteRows, fieldAt, hexText, segments } from "../select/item.ts";
import { fromBytes } from "../select/text.ts";
import { sources } from "../store/case.ts";
import { hide, shown } from "../store/item.ts";
import { openItem } from "../store/packets.ts";
import { Copy } from "./Common.tsx";
import { AtSite, Ev, Pivot } from "./Evidence.tsx";
import { hasNearby, showNearby } from "./nearby.ts";
import { ToPackets } from "./ToPackets.tsx";

/** Bytes shown at first: a full packet of Ethernet, and some. */
const BYTES_SHOWN = 2048;

export function EvidencePanel() {
	const now = shown.value;
	if (!now) {
		return null;
	}
	const title = now.state === "here" ? now.item.title : "Evidence";
	return (
		<aside class="evidence-panel" aria-label="Evidence">
			<div class="panel-head">
				<div>
					<h2>{title}</h2>
					<p class="dim">
						<Ev text={sourceName(now.at.node, sources.value)} />
						<span class="num">, byte {String(now.at.offset)}</span>
					</p>
				</div>
				<span class="panel-buttons">
					<Nearby place={placeKey(now.at)} />
					<button type="button" class="quiet" onClick={hide} aria-keyshortcuts="Escape">
						Close
					</button>
				</span>
			</div>
			{now.state === "loading" && <p class="dim">Reading it from the file…</p>}
			{now.state === "failed" && <p role="alert">It cannot be shown: {now.why}</p>}
			{now.state === "here" && <ItsConnection at={now.at} key={placeKey(now.at)} />}
			{now.state === "here" && (
				<AtSite.Provider value={siteOf(now.at.node, sources.value)}>
					<ItemBody item={now.item} mark={now.mark} />
				</AtSite.Provider>
			)}
		</aside>
	);
}

const placeKey = ({ node, item, offset }: Origin): string => `${node}:${item}:${offset}`;

const WAYS: [1 | -1, string, string][] = [
	[-1, "Previous", "p"],
	[1, "Next", "n"],
];

/** To the evidence of the rows around, without the way back to their list. */
function Nearby({ place }: { place: string }) {
	const has = useSignal([false, false]);
	// Once the row of this place is drawn as the open one.
	useEffect(() => {
		has.value = WAYS.map(([by]) => hasNearby(by));
	}, [place]);
	return (
		<>
			{WAYS.map(([by, word, key], i) => (
				<button
					type="button"
					key={word}
					class="quiet"
					disabled={!has.value[i]}
					aria-keyshortcuts={key}
					title={`${word} row (${key})`}
					onClick={() => showNearby(by)}
				>
					{word}
				</button>
			))}
		</>
	);
}

/** From a line or a packet to the packets and streams of its connection. */
function ItsConnection({ at }: { at: Origin }) {
	if (at.len === 0 || !sources.value.some(isCapture)) {
		return null;
	}
	return (
		<div class="its-connection">
			<span class="dim">Its connection:</span>
			<ToPackets class="" open={() => openItem(at)} />
			<ToPackets class="" label="Streams" open={() => openItem(at, "streams")} />
		</div>
	);
}

/** Bytes of an item to be shown as found: where a search hit lies. */
interface Mark {
	start: number;
	len: number;
}

function ItemBody({ item, mark }: { item: Item; mark: Mark | undefined }) {
	const lit = useSignal<number>(-1);
	const light = (index: number) => {
		lit.value = index;
	};
	const field = item.fields[lit.value] ?? mark;
	return (
		<div class="item">
			{item.is_text ? (
				<RawLine item={item} lit={lit.value} light={light} />
			) : (
				<HexDump item={item} field={field} light={light} />
			)}
			<FieldTable fields={item.fields} lit={lit.value} light={light} />
		</div>
	);
}

interface LitProps {
	item: Item;
	lit: number;
	light: (index: number) => void;
}

function RawLine({ item, lit, light }: LitProps) {
	const text = fromBytes(item.bytes);
	return (
		<div>
			<div class="section-head">
				<h3>As it stands in the file</h3>
				<Copy text={text} />
			</div>
			{/* biome-ignore lint/a11y/useSemanticElements: it is no set of fields of a form. */}
			<div class="raw-line" role="group" aria-label="Raw line" onMouseLeave={() => light(-1)}>
				{segments(item).map((part) =>
					part.field < 0 ? (
						<Ev key={part.start} text={fromBytes(part.bytes)} />
					) : (
						<mark
							key={part.start}
							class={part.field === lit ? "lit" : ""}
							title={item.fields[part.field]?.name}
							onMouseEnter={() => light(part.field)}
						>
							<Ev text={fromBytes(part.bytes)} />
						</mark>
					),
				)}
			</div>
		</div>
	);
}

/** Values longer than this are read, not looked for. */
const MOST_PIVOT = 120;

function FieldValue({ field: { value, entity } }: { field: ItemField }) {
	const isPivot = value !== "" && value.length <= MOST_PIVOT;
	return isPivot ? <Pivot value={value} entity={entity} class="bare" /> : <Ev text={value} />;
}

function FieldTable({
	fields,
	lit,
	light,
}: {
	fields: ItemField[];
	lit: number;
	light: (index: number) => void;
}) {
	if (fields.length === 0) {
		return <p class="dim">The reader of this format does not mark its fields.</p>;
	}
	return (
		<table class="fields" onMouseLeave={() => light(-1)}>
			<caption class="visually-hidden">Fields</caption>
			<colgroup>
				<col class="field-name" />
				<col />
			</colgroup>
			<thead class="visually-hidden">
				<tr>
					<th scope="col">Field</th>
					<th scope="col">Value</th>
				</tr>
			</thead>
			<tbody>
				{fields.map((field, index) => (
					<tr
						key={index}
						class={`depth-${Math.min(field.depth, 6)} ${index === lit ? "lit" : ""}`}
						onMouseEnter={() => light(index)}
					>
						<th scope="row">
							<button
								type="button"
								class="bare"
								onFocus={() => light(index)}
								onClick={() => light(index)}
							>
								<Ev text={field.name} />
							</button>
						</th>
						<td>
							<FieldValue field={field} />
						</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}

function HexDump({
	item,
	field,
	light,
}: {
	item: Item;
	field: Mark | undefined;
	light: (index: number) => void;
}) {
	const all = useSignal(false);
	const bytes = all.value ? item.bytes : item.bytes.subarray(0, BYTES_SHOWN);
	const over = (event: MouseEvent) => {
		const at = (event.target as HTMLElement).dataset.at;
		if (at !== undefined) {
			light(fieldAt(item.fields, Number(at)));
		}
	};
	const isLit = (at: number) =>
		field !== undefined && at >= field.start && at < field.start + field.len;
	return (
		<div class="bytes">
			<div class="section-head">
				<h3>{plural(item.bytes.length, "byte")}</h3>
				<Copy text={() => hexText(item.bytes)} exact label="Copy hex" />
			</div>
			{/* biome-ignore lint/a11y/useKeyWithMouseEvents: the fields below do the same by keyboard. */}
			{/* biome-ignore lint/a11y/useSemanticElements: it is no set of fields of a form. */}
			<div
				class="hex"
				role="group"
				aria-label="Bytes"
				// biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled with the arrow keys.
				tabIndex={0}
				onMouseOver={over}
				onMouseLeave={() => light(-1)}
			>
				{byteRows(bytes).map((row) => (
					<div class="hex-row" key={row.at}>
						<span class="hex-at">{row.at.toString(16).padStart(4, "0")}</span>
						<span class="hex-bytes">
							{row.cells.map(({ at, hex }) => (
								<span key={at} data-at={at} class={isLit(at) ? "lit" : undefined}>
									{hex}
								</span>
							))}
						</span>
						<span class="hex-chars" aria-hidden="true">
							{row.cells.map(({ at, char }) => (
								<span key={at} data-at={at} class={isLit(at) ? "lit" : undefined}>
									{char}
								</span>
							))}
						</span>
					</div>
				))}
			</div>
			{bytes.length < item.bytes.length && (
				<button type="button" class="quiet" onClick={() => (all.value = true)}>
					Show all {count(item.bytes.length)} bytes
				</button>
			)}
		</div>
	);
}
