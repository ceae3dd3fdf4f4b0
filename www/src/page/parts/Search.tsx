// Search in packets or in followed streams: what for, where, and the hits as they come.
import { useSignal } from "@preact/signals";
import type { Hit } from "../../shared/evidence.ts";
import { isCapture } from "../select/coverage.ts";
import { sourceName } from "../select/findings.ts";
import { count } from "../select/format.ts";
import { plainOf, visible } from "../select/text.ts";
import { sources } from "../store/case.ts";
import { sameOrigin, show, shown } from "../store/item.ts";
import * as packets from "../store/packets.ts";
import { Empty } from "./Common.tsx";
import { Ev } from "./Evidence.tsx";
import { PassLine } from "./PassLine.tsx";
import { PlainInput } from "./PlainInput.tsx";
import { holdStill } from "./still.ts";

/** Hits drawn at first, and with each wish for more. */
const STEP = 300;

export function SearchPart() {
	const pass = packets.passes.value.search;
	const go = () => {
		if (packets.pattern.value) {
			packets.search();
		}
	};
	return (
		<div class="search">
			<search
				class="search-bar"
				onKeyDown={(event) => {
					if (event.key === "Enter" && (event.target as HTMLElement).matches("input[type=text]")) {
						go();
					}
				}}
			>
				<PlainInput
					class="mono search-text"
					label="What to search for"
					placeholder={
						packets.isHex.value ? "Hex: 4d 5a 90 00" : "Text, in ASCII, UTF-8 and UTF-16"
					}
					value={packets.pattern.value}
					onText={(text) => (packets.pattern.value = text)}
				/>
				<fieldset class="chips">
					<legend class="visually-hidden">Form</legend>
					{[false, true].map((hex) => (
						<button
							type="button"
							key={String(hex)}
							class="chip"
							aria-pressed={packets.isHex.value === hex}
							onClick={() => (packets.isHex.value = hex)}
						>
							{hex ? "Hex" : "Text"}
						</button>
					))}
				</fieldset>
				<Where />
				<button type="button" class="primary" disabled={!packets.pattern.value} onClick={go}>
					Search
				</button>
			</search>
			<PassLine task="search" noun="hits" shown={packets.hits.value.length} />
			{pass.state === "none" ? (
				<Empty title="Letters are found in either case.">
					In streams a pattern is found across packets, however it was cut; in packets also in their
					headers. Hits come as they are found.
				</Empty>
			) : (
				<Hits />
			)}
		</div>
	);
}

function Where() {
	const captures = sources.value.filter(isCapture);
	return (
		<select
			aria-label="Where to search"
			value={String(packets.where.value)}
			onChange={({ currentTarget: { value } }) => {
				packets.where.value = value === "streams" || value === "packets" ? value : Number(value);
			}}
		>
			<option value="streams">in the streams of the connections above</option>
			<option value="packets">in every packet of the case</option>
			{captures.map((source) => (
				<option key={source.id} value={String(source.id)}>
					in every packet of {visible(sourceName(source.id, sources.value))}
				</option>
			))}
		</select>
	);
}

function Hits() {
	const most = useSignal(STEP);
	const all = packets.hits.value;
	if (all.length === 0 && packets.passes.value.search.state === "done") {
		return <Empty title="It is not there." />;
	}
	return (
		<>
			<ol class="hits">
				{all.slice(0, most.value).map((hit, i) => (
					<HitRow key={i} hit={hit} />
				))}
			</ol>
			{most.value < all.length && (
				<button type="button" onClick={() => (most.value += STEP)}>
					Show more of {count(all.length)}
				</button>
			)}
		</>
	);
}

function HitRow({ hit }: { hit: Hit }) {
	const { at, place, context, connection } = hit;
	const isOpen = sameOrigin(shown.value?.at, at);
	const inPacket = "packet" in place;
	const mark = inPacket ? { start: place.packet.offset, len: hit.len } : undefined;
	return (
		<li>
			<button
				type="button"
				class="hit-row"
				aria-pressed={isOpen}
				onClick={(event) => {
					holdStill(event.currentTarget);
					show(at, mark);
				}}
			>
				<span class="hit-place dim">
					<Ev text={sourceName(at.node, sources.value)} />, packet{" "}
					<span class="num">{count(at.item)}</span>
					{inPacket ? (
						<span class="num">, byte {count(place.packet.offset)}</span>
					) : (
						connection && (
							<>
								{" · "}
								<Ev text={`${connection.orig} → ${connection.resp}`} />,{" "}
								{place.stream.is_orig ? "orig" : "resp"}
								<span class="num"> byte {count(place.stream.offset)}</span>
							</>
						)
					)}
					{hit.form === "utf-16" && " · UTF-16"}
				</span>
				<span class="hit-text mono">
					<Around bytes={context.before} />
					<mark>
						<Around bytes={context.hit} />
					</mark>
					<Around bytes={context.behind} />
				</span>
			</button>
			{connection && (
				<button
					type="button"
					class="quiet"
					onClick={() => packets.openPackets(`uid == "${connection.uid}"`, "streams")}
				>
					Stream
				</button>
			)}
		</li>
	);
}

function Around({ bytes }: { bytes: Uint8Array }) {
	return <Ev text={plainOf(bytes)} />;
}
