// The timeline of the case: one lane a kind, findings above them; drag to limit to a range.
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { count, time } from "../select/format.ts";
import { type Axis, findingMarks, type Lane, lanes, marks } from "../select/timeline.ts";
import { findings, idOf, report } from "../store/case.ts";
import { openKind } from "../store/records.ts";
import { go, href } from "../store/route.ts";
import { limitTo, range, timeline } from "../store/timeline.ts";
import { Shape } from "./Severity.tsx";

const LANE_PX = 22;
/** A drag shorter than this is a click. */
const DRAG_PX = 5;

export function TimelineChart() {
	const span = range.value ?? report.value?.span;
	const now = timeline.value;
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
			<p class="tl-note dim">
				Times in UTC. Heights by square root, each kind by itself. Drag to limit everything to a
				range.
				{range.value && (
					<button type="button" class="quiet" onClick={() => limitTo(undefined)}>
						Show all times
					</button>
				)}
			</p>
		</div>
	);
}

function FindingMarks({ axis }: { axis: Axis }) {
	const found = findingMarks(findings.value, axis);
	return (
		<div class="tl-findings">
			<span class="tl-name">findings</span>
			<div class="tl-track">
				{found.map(({ finding, x, w }) => (
					<a
						key={idOf(finding)}
						class="tl-mark"
						href={href("finding", idOf(finding))}
						style={{ left: `${x * 100}%`, width: `${w * 100}%` }}
						title={finding.title}
						aria-label={`${finding.severity}: ${finding.title}`}
					>
						<Shape severity={finding.severity} />
					</a>
				))}
			</div>
		</div>
	);
}

function Lanes({ all, axis }: { all: Lane[]; axis: Axis }) {
	const track = useRef<HTMLDivElement>(null);
	const width = useSignal(600);
	const drag = useSignal<[number, number] | undefined>(undefined);
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
	};
	const up = () => {
		const [a, b] = drag.value ?? [0, 0];
		drag.value = undefined;
		if (Math.abs(a - b) * width.value > DRAG_PX) {
			const at = (x: number) => new Date(axis.first + x * (axis.last - axis.first)).toISOString();
			limitTo({ first: at(Math.min(a, b)), last: at(Math.max(a, b)) });
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
			<div class="tl-track" ref={track} onPointerDown={down} onPointerMove={move} onPointerUp={up}>
				<LaneChart all={all} width={width.value} />
				{drag.value && <Choice ends={drag.value} />}
			</div>
		</div>
	);
}

function Choice({ ends: [a, b] }: { ends: [number, number] }) {
	const style = { left: `${Math.min(a, b) * 100}%`, width: `${Math.abs(a - b) * 100}%` };
	return <div class="tl-choice" style={style} />;
}

function LaneChart({ all, width }: { all: Lane[]; width: number }) {
	const height = all.length * LANE_PX;
	return (
		<svg width={width} height={height} role="img" aria-label={`Events over time: ${inWords(all)}`}>
			{all.map((lane, row) => (
				<g key={lane.kind} transform={`translate(0 ${row * LANE_PX})`}>
					<line x1="0" x2={width} y1={LANE_PX - 2.5} y2={LANE_PX - 2.5} class="tl-base" />
					{lane.bars.map((bar) => {
						const h = bar.h * (LANE_PX - 5);
						// A bucket narrower than two pixels would be lost.
						const w = Math.max(2, bar.w * width - 0.5);
						return (
							<rect
								key={bar.start}
								class="tl-bar"
								x={Math.min(Math.max(0, bar.x * width), width - w)}
								y={LANE_PX - 3 - h}
								width={w}
								height={h}
							>
								<title>{`${lane.kind}: ${count(bar.n)} from ${time(new Date(bar.start).toISOString())} UTC`}</title>
							</rect>
						);
					})}
				</g>
			))}
		</svg>
	);
}

const inWords = (all: Lane[]): string =>
	all.map(({ kind, total }) => `${kind} ${total}`).join(", ");
