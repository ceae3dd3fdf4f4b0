// How far reading is: bytes, rate, time left; the way to stop it, and the way back from a stop.
import { size, timeLeft } from "../select/format.ts";
import { evidence, memory, progress, readAgain, state, stop } from "../store/case.ts";
import { Ev } from "./Evidence.tsx";

export function ProgressStrip() {
	const isRunning = state.value === "running";
	const isCut = state.value === "cancelled" || state.value === "crashed";
	return (
		<div
			class="progress-strip"
			role="status"
			data-state={state.value}
			data-memory={memory.value}
			data-files={evidence.value.length}
			hidden={!isRunning && !isCut}
		>
			{isRunning && <Running />}
			{isCut && <Cut />}
		</div>
	);
}

function Running() {
	const now = progress.value.analysing ?? progress.value.reading;
	const done = now?.done ?? 0;
	const all = now?.total ?? 0;
	const left = now && timeLeft(done, all, now.rate);
	const file = evidence.value[now?.file ?? 0]?.path;
	return (
		<>
			<progress max={Math.max(1, all)} value={done} aria-label="Bytes analysed" />
			<span class="num">
				{size(done)} of {size(all)}
			</span>
			{now && now.rate > 0 && <span class="num dim rate">{size(now.rate)}/s</span>}
			{left && <span class="num dim">{left}</span>}
			<span class="progress-file dim">{file && <Ev text={file} />}</span>
			<button type="button" onClick={stop}>
				Cancel
			</button>
		</>
	);
}

function Cut() {
	const now = progress.value.analysing;
	return (
		<>
			<span>
				{state.value === "cancelled" ? "Reading was cancelled" : "Reading broke down"}
				{now && (
					<span class="num">
						{" "}
						after {size(now.done)} of {size(now.total)}
					</span>
				)}
				: what was found before stands.
			</span>
			<span class="spacer" />
			<button type="button" onClick={readAgain}>
				Read all again
			</button>
		</>
	);
}
