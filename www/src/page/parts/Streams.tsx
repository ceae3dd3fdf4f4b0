// Followed streams: what both sides of each chosen connection said, in order, with what is missing.
import { useSignal } from "@preact/signals";
import type { Followed } from "../../shared/evidence.ts";
import { count, plural, size, time } from "../select/format.ts";
import { hexOf, partsOf, type Shown, type Side, textOf } from "../select/streams.ts";
import { save } from "../store/copy.ts";
import { sameOrigin, show, shown } from "../store/item.ts";
import * as packets from "../store/packets.ts";
import { AskFirst } from "./AskFirst.tsx";
import { Copy, Empty } from "./Common.tsx";
import { Ev } from "./Evidence.tsx";
import { PassLine } from "./PassLine.tsx";
import { holdStill } from "./still.ts";

/** Bytes of one connection drawn at first, and with each wish for more. */
const STEP = 64 << 10;
/** Connections drawn at first, and with each wish for more. */
const MANY = 20;

const SIDES: [Side, string][] = [
	["both", "Both sides"],
	["orig", "Originator"],
	["resp", "Responder"],
];

export const Streams = () => (
	<AskFirst task="follow" begin={packets.follow} wish="Follow their streams all the same">
		<Conversations />
	</AskFirst>
);

function Conversations() {
	const side = useSignal<Side>("both");
	const isHex = useSignal(false);
	const most = useSignal(MANY);
	const all = packets.followed.value;
	const pass = packets.passes.value.follow;
	const isOver = pass.state !== "running";
	return (
		<div class="streams">
			<div class="stream-bar">
				<fieldset class="chips">
					<legend class="visually-hidden">Side</legend>
					{SIDES.map(([name, title]) => (
						<button
							type="button"
							key={name}
							class={`chip ${name}`}
							aria-pressed={side.value === name}
							onClick={() => (side.value = name)}
						>
							{title}
						</button>
					))}
				</fieldset>
				<fieldset class="chips">
					<legend class="visually-hidden">Form</legend>
					{[false, true].map((hex) => (
						<button
							type="button"
							key={String(hex)}
							class="chip"
							aria-pressed={isHex.value === hex}
							onClick={() => (isHex.value = hex)}
						>
							{hex ? "Hex" : "Text"}
						</button>
					))}
				</fieldset>
				<PassLine task="follow" noun="bytes left out for want of room" shown={0} />
			</div>
			{isOver && all.every((f) => f.parts.length === 0) && (
				<Empty title="Nothing was said.">
					These connections carry no payload that is in the captures.
				</Empty>
			)}
			{all
				.filter((f) => f.parts.length > 0)
				.slice(0, most.value)
				.map((f) => (
					<Conversation key={f.uid} followed={f} side={side.value} isHex={isHex.value} />
				))}
			{most.value < all.length && (
				<button type="button" onClick={() => (most.value += MANY)}>
					Show more of {plural(all.length, "connection")}
				</button>
			)}
		</div>
	);
}

interface ConversationProps {
	followed: Followed;
	side: Side;
	isHex: boolean;
}

function Conversation({ followed, side, isHex }: ConversationProps) {
	const most = useSignal(STEP);
	const { shown: parts, left } = partsOf(followed, side, most.value);
	const { orig, resp, origEnd, respEnd } = followed;
	const bytes = side === "resp" ? resp : orig;
	return (
		<section class="conversation">
			<div class="section-head">
				<h2>
					<Ev text={origEnd} class="orig" /> → <Ev text={respEnd} class="resp" />
				</h2>
				<span class="dim num">
					{size(orig.length)} there, {size(resp.length)} back
				</span>
				{side !== "both" && (
					<>
						<Copy text={() => textOf(bytes)} />
						<button type="button" class="quiet" onClick={() => saveStream(side, bytes)}>
							Save the bytes
						</button>
					</>
				)}
			</div>
			<section
				class={isHex ? "stream is-hex" : "stream"}
				aria-label={`${origEnd} and ${respEnd}`}
				// biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled with the arrow keys.
				tabIndex={0}
			>
				{parts.map((part, i) => (
					<StreamPart key={i} shown={part} isHex={isHex} />
				))}
			</section>
			{left > 0 && (
				<button type="button" class="quiet" onClick={() => (most.value += 4 * STEP)}>
					{size(left)} more: show the next {size(Math.min(left, 4 * STEP))}
				</button>
			)}
		</section>
	);
}

/** The file is named by the side, never by the evidence. */
function saveStream(side: Side, bytes: Uint8Array): void {
	const blob = new Blob([bytes as Uint8Array<ArrayBuffer>], { type: "application/octet-stream" });
	save(`offwire-stream-${side}.bin`, blob);
}

function StreamPart({ shown: now, isHex }: { shown: Shown; isHex: boolean }) {
	const { part } = now;
	const side = part.isOrig ? "orig" : "resp";
	if ("gap" in part) {
		return (
			<p class={`gap ${side}`}>
				{side}: {plural(part.gap, "byte")} missing in the capture
			</p>
		);
	}
	return (
		<div class={`said ${side}`}>
			<button
				type="button"
				class="said-by"
				title={`${time(part.ts)} UTC, ${plural(part.len, "byte")}: show the packet`}
				aria-pressed={sameOrigin(shown.value?.at, part.at)}
				onClick={(event) => {
					holdStill(event.currentTarget);
					show(part.at);
				}}
			>
				{part.isOrig ? "→" : "←"} {count(part.at.item)}
			</button>
			{isHex ? <Hex shown={now} /> : <pre translate={false}>{textOf(now.bytes)}</pre>}
		</div>
	);
}

function Hex({ shown: now }: { shown: Shown }) {
	return (
		<pre class="said-hex" translate={false}>
			{hexOf(now)
				.map(
					({ at, cells }) =>
						`${at.toString(16).padStart(6, "0")}  ${cells
							.map((c) => c.hex)
							.join(" ")
							.padEnd(47)}  ${cells.map((c) => c.char).join("")}`,
				)
				.join("\n")}
		</pre>
	);
}
