// Which captures are read as one series, and the way to split or to join them.
import { useSignal } from "@preact/signals";
import type { Source } from "../../shared/report.ts";
import { filesOf, seriesOf } from "../select/coverage.ts";
import { sourceName } from "../select/findings.ts";
import { plural, when } from "../select/format.ts";
import { evidence, files, sources } from "../store/case.ts";
import { joinSeries, splitSeries } from "../store/series.ts";
import { Section } from "./Common.tsx";
import { Ev } from "./Evidence.tsx";
import { useSteps } from "./Steps.tsx";

/** Captures alone that are listed openly; more are folded away. */
const MOST_ALONE = 6;
/** Captures of one series that are named at once. */
const MOST_PARTS = 20;

export function Series() {
	const chosen = useSignal<ReadonlySet<number>>(new Set());
	const all = seriesOf(sources.value);
	if (all.flat().length < 2) {
		return null;
	}
	const toggle = (id: number) => {
		const next = new Set(chosen.value);
		if (!next.delete(id)) {
			next.add(id);
		}
		chosen.value = next;
	};
	const picked = all.filter(([first]) => first && chosen.value.has(first.id));
	const join = () => {
		joinSeries(placesOf(picked.flat()));
		chosen.value = new Set();
	};
	const alone = all.filter((s) => s.length === 1);
	const isFew = alone.length <= MOST_ALONE;
	const row = (series: Source[]) => (
		<SeriesRow
			key={series[0]?.id}
			series={series}
			isChosen={chosen.value.has(series[0]?.id ?? -1)}
			onChoose={toggle}
		/>
	);
	return (
		<Section
			title="Series of captures"
			aside={
				<button type="button" disabled={picked.length < 2} onClick={join}>
					Join the chosen ones
				</button>
			}
		>
			<p class="dim">
				Captures of one sensor and link type whose times adjoin may be parts of one: connections
				reach over the cut. They are shown as a series where their names, their pace or a connection
				in both say so too. Captures of one sensor and site whose times overlap are read side by
				side, in the order of time; they are shown as taps of one network where packets or a
				connection are in both. What is changed here holds from the next reading on.
			</p>
			<ul class="series-list">{all.filter((s) => s.length > 1 || isFew).map(row)}</ul>
			{!isFew && alone.length > 0 && (
				<details>
					<summary>{plural(alone.length, "capture")} stand alone</summary>
					<ul class="series-list">{alone.map(row)}</ul>
				</details>
			)}
		</Section>
	);
}

/** The places of these sources' files in the case. */
function placesOf(series: Source[]): number[] {
	const nodes = filesOf(series, sources.value);
	return [...files.value].flatMap(([index, { node }]) =>
		node !== undefined && nodes.has(node) ? [index] : [],
	);
}

interface SeriesRowProps {
	series: Source[];
	isChosen: boolean;
	onChoose: (id: number) => void;
}

function SeriesRow({ series, isChosen, onChoose }: SeriesRowProps) {
	const id = series[0]?.id ?? -1;
	const its = placesOf(series);
	const { most, more } = useSteps(series.length, MOST_PARTS);
	const told = new Set(its.map((index) => evidence.value[index]?.series));
	return (
		<li>
			<label>
				<input type="checkbox" checked={isChosen} onChange={() => onChoose(id)} />{" "}
				{series.length > 1 ? (
					<strong>{plural(series.length, "capture")} as one</strong>
				) : (
					<span class="dim">alone</span>
				)}
				{[...told].some((name) => name !== undefined) && <span class="tag">as you said</span>}
			</label>
			<ol>
				{series.slice(0, most).map((source) => (
					<li key={source.id}>
						<Ev text={sourceName(source.id, sources.value)} />{" "}
						<span class="dim num">{spanOf(source)}</span>
						{source.beside !== undefined && <span class="tag">another tap</span>}
					</li>
				))}
			</ol>
			{more}
			{series.length > 1 && (
				<button type="button" class="quiet" onClick={() => splitSeries(its)}>
					Split apart
				</button>
			)}
		</li>
	);
}

/** When its records begin and end. */
function spanOf({ events }: Source): string {
	const all = Object.values(events);
	const first = all.flatMap((e) => e.first ?? []).sort()[0];
	const last = all
		.flatMap((e) => e.last ?? [])
		.sort()
		.at(-1);
	return first && last ? when({ first, last }) : "no records of its own";
}
