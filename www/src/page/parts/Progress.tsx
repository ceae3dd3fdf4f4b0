// How far reading is: bytes, rate, time left; and the way to stop it.

import { size, timeLeft } from "../select/format.ts";
import { evidence, isRunning, memory, progress, state, stop } from "../store/case.ts";
import { Ev } from "./Evidence.tsx";

export function ProgressStrip() {
	const now = progress.value.analysing ?? progress.value.reading;
	const done = now?.done ?? 0;
	const all = now?.total ?? 0;
	const left = now && timeLeft(done, all, now.rate);
	const file = evidence.value[now?.file ?? 0]?.path;
	return (
		<div
			class="progress-strip"
			role="status"
			data-state={state.value}
			data-memory={memory.value}
			data-files={evidence.value.length}
			hidden={!isRunning.value}
		>
			{isRunning.value && (
				<>
					<progress max={Math.max(1, all)} value={done} aria-label="Bytes analysed" />
					<span class="num">
						{size(done)} of {size(all)}
					</span>
					{now && now.rate > 0 && <span class="num dim">{size(now.rate)}/s</span>}
					{left && <span class="num dim">{left}</span>}
					<span class="progress-file dim" translate={false}>
						{file && <Ev text={file} />}
					</span>
					<button type="button" onClick={stop}>
						Cancel
					</button>
				</>
			)}
		</div>
	);
}
