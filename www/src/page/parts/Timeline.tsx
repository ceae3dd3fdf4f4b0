// The timeline of the case: one lane a kind, findings above them; drag, or type two times, to limit to a range.
import { type Signal, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Span } from "../../shared/report.ts";
import { count, plural, time, when } from "../select/format.ts";
import { findingsOutside, spanOf } from "../select/range.ts";
import {
	type Axis,
	barAt,
	extent,
	findingMarks,
	type Lane,
	lanes,
	type Mark,
	marks,
	PLACES,
} from "../select/timeline.ts";
import { findings, idOf, report } from "../store/case.ts";
import { openKind } from "../store/records.ts";
import { go, href } from "../store/route.ts";
import {
	isWhole,
	limitTo,
	nOutside,
	range,
	shown,
	showWhole,
	timeline,
} from "../store/timeline.ts";
import { Shape } from "./Severity.tsx";
import { TimeRange } from "./TimeRange.tsx";

const LANE_PX = 22;
/** A drag shorter than this is a click. */
const DRAG_PX = 5;

export function TimelineChart() {
	const [span, now] = [shown.value, timeline.value];
	if (!span || !now) {
		return null;
	}
	const first = Date.parse(span.first);
	// A moment has no width: a second is shown around it.
	const axis = { first, last: Math.max(Date.parse(span.last), first + 1000) };
	return (
		<div class="timeline">
			<FindingMarks axis={axis} />
			<Lanes all={lanes(now, axis)} axis={axis} />
			<div class="tl-axis" aria-hidden="true">
				{marks(axis, 6).map(({ x, text, at }) => (
					<span
						key={at}
						style={{ left: `${x * 100}%` }}
						class={x > 0.9 ? "end" : x < 0.04 ? "start" : ""}
					>
						{text}
					</span>
				))}
			</div>
			<Note span={span} axis={axis} />
			<TimeRange key={span.first + span.last} span={span} />
		</div>
	);
}

/** What is shown, and what is not. */
function Note({ span, axis }: { span: Span; axis: Axis }) {
	const spanned = <span class="num">{when(span)}</span>;
	if (range.value) {
		return <p class="tl-note dim">Only {spanned} UTC: findings, records.</p>;
	}
	if (nOutside.value === 0) {
		return (
			<p class="tl-note dim">
				{spanned} UTC. Heights by square root, each kind by itself. Drag, or type two times, to
				limit findings and records to a range.{" "}
				{isWhole.value && (
					<button type="button" class="quiet" onClick={() => showWhole(false)}>
						Show where most events are
					</button>
				)}
			</p>
		);
	}
	const all = report.value?.span;
	const marks = findingsOutside(findings.value, axis);
	const others = marks > 0 ? ` and ${plural(marks, "finding")}` : "";
	return (
		<p class="tl-note">
			Shown is {spanned} UTC, where most events are.{" "}
			<strong>
				{plural(nOutside.value, "event")}
				{others} {nOutside.value + marks === 1 ? "lies" : "lie"} far outside
			</strong>
			{all && (
				<>
					, in <span class="num">{when(all)}</span>
				</>
			)}
			.{" "}
			<button type="button" class="quiet" onClick={() => showWhole(true)}>
				Show all times
			</button>
		</p>
	);
}

function FindingMarks({ axis }: { axis: Axis }) {
	return (
		<div class="tl-findings">
			<span class="tl-name">findings</span>
			<div class="tl-track">
				{findingMarks(findings.value, axis).map((mark) => (
					<FindingMark key={idOf(mark.findings[0])} axis={axis} mark={mark} />
				))}
			</div>
		</div>
	);
}

/** One finding leads to its page; several too close to be told apart lead to their time alone. */
function FindingMark({ axis, mark }: { axis: Axis; mark: Mark }) {
	const [worst, ...others] = mark.findings;
	const style = { left: `${mark.x * 100}%`, width: `${mark.w * 100}%` };
	const shape = <Shape severity={worst.severity} />;
	if (others.length === 0) {
		return (
			<a
				class="tl-mark"
				href={href("finding", idOf(worst))}
				style={style}
				title={worst.title}
				aria-label={`${worst.severity}: ${worst.title}`}
			>
				{shape}
			</a>
		);
	}
	const label = `${count(mark.findings.length)} findings, the weightiest ${worst.severity}: ${worst.title}`;
	const width = (axis.last - axis.first) / PLACES;
	const start = axis.first + mark.place * width;
	return (
		<button
			type="button"
			class="bare tl-mark"
			style={style}
			title={`${label}. Click to limit findings and records to their time.`}
			aria-label={`${label}; limit findings and records to their time`}
			onClick={() => limitTo(spanOf({ first: start, last: start + width }))}
		>
			{shape}
		</button>
	);
}

function Lanes({ all, axis }: { all: Lane[]; axis: Axis }) {
	const track = useRef<HTMLDivElement>(null);
	const width = useSignal(600);
	const drag = useSignal<[number, number] | undefined>(undefined);
	const pointed = useSignal<Pointed | undefined>(undefined);
	useLayoutEffect(() => {
		const observer = new ResizeObserver(([entry]) => {
			width.value = entry?.contentRect.width ?? 600;
		});
		if (track.current) {
			observer.observe(track.current);
		}
		return () => observer.disconnect();
	}, [width]);
	const open = (kind: string) => {
		openKind(kind);
		go("records");
	};
	const place = (event: PointerEvent) => {
		const box = track.current?.getBoundingClientRect();
		return box ? Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1) : 0;
	};
	const down = (event: PointerEvent) => {
		drag.value = [place(event), place(event)];
		track.current?.setPointerCapture(event.pointerId);
	};
	const move = (event: PointerEvent) => {
		if (drag.value) {
			drag.value = [drag.value[0], place(event)];
		}
		const top = track.current?.getBoundingClientRect().top ?? 0;
		pointed.value = { row: Math.floor((event.clientY - top) / LANE_PX), x: place(event) };
	};
	const leave = () => {
		pointed.value = undefined;
	};
	const up = () => {
		const [a, b] = drag.value ?? [0, 0];
		drag.value = undefined;
		if (Math.abs(a - b) * width.value > DRAG_PX) {
			const at = (x: number) => axis.first + x * (axis.last - axis.first);
			limitTo(spanOf({ first: at(Math.min(a, b)), last: at(Math.max(a, b)) }));
		}
	};
	return (
		<div class="tl-lanes">
			<ul class="tl-names">
				{all.map(({ kind, total }) => (
					<li key={kind}>
						<button type="button" class="bare" onClick={() => open(kind)}>
							{kind} <span class="dim num">{count(total)}</span>
						</button>
					</li>
				))}
			</ul>
			<div
				class="tl-track"
				ref={track}
				onPointerDown={down}
				onPointerMove={move}
				onPointerUp={up}
				onPointerLeave={leave}
			>
				<LaneChart all={all} width={width.value} />
				{drag.value && <Choice ends={drag.value} />}
				<Tip all={all} width={width.value} pointed={pointed} />
			</div>
		</div>
	);
}

function Choice({ ends: [a, b] }: { ends: [number, number] }) {
	const style = { left: `${Math.min(a, b) * 100}%`, width: `${Math.abs(a - b) * 100}%` };
	return <div class="tl-choice" style={style} />;
}

interface Pointed {
	row: number;
	x: number;
}

interface TipProps {
	all: Lane[];
	width: number;
	/** Read here alone: nothing else is drawn anew when the pointer moves. */
	pointed: Signal<Pointed | undefined>;
}

/** What the bar under the pointer stands for. */
function Tip({ all, width, pointed }: TipProps) {
	const at = pointed.value;
	const lane = at && all[at.row];
	const bar = lane && barAt(lane, at.x, LEAST_PX / width);
	if (!at || !lane || !bar) {
		return null;
	}
	const style = { [at.x < 0.5 ? "left" : "right"]: `${Math.min(at.x, 1 - at.x) * 100}%` };
	return (
		<div class="tl-tip" style={{ ...style, top: `${(at.row + 1) * LANE_PX}px` }}>
			{`${lane.kind}: ${count(bar.n)} from ${time(new Date(bar.start).toISOString())} UTC`}
		</div>
	);
}

/** A bucket narrower than this would be lost. */
const LEAST_PX = 2;

/** One path a lane: a shape for each bar would be thousands of them, drawn anew with every report. */
function LaneChart({ all, width }: { all: Lane[]; width: number }) {
	const height = all.length * LANE_PX;
	return (
		<svg width={width} height={height} role="img" aria-label={`Events over time: ${inWords(all)}`}>
			{all.map((lane, row) => (
				<g key={lane.kind} transform={`translate(0 ${row * LANE_PX})`}>
					<line x1="0" x2={width} y1={LANE_PX - 2.5} y2={LANE_PX - 2.5} class="tl-base" />
					<path class="tl-bars" d={outline(lane, width)} />
				</g>
			))}
		</svg>
	);
}

function outline(lane: Lane, width: number): string {
	const boxes = lane.bars.map((bar) => {
		const h = bar.h * (LANE_PX - 5);
		const { x, w } = extent(bar, LEAST_PX / width);
		// A hair between two bars, unless it would take what can be seen of them.
		const gap = w * width > 2 * LEAST_PX ? 0.5 : 0;
		const box = [x * width, LANE_PX - 3 - h, w * width - gap, h];
		const [left, top, across, down] = box.map((n) => n.toFixed(1));
		return `M${left} ${top}h${across}v${down}h-${across}z`;
	});
	return boxes.join("");
}

const inWords = (all: Lane[]): string =>
	all.map(({ kind, total }) => `${kind} ${total}`).join(", ");
