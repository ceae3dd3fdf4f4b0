// The list of findings: by severity, with filters by severity, rule and text.
import type { Finding, Severity } from "../../shared/report.ts";
import { Empty, Heading } from "../parts/Common.tsx";
import { Ev } from "../parts/Evidence.tsx";
import { NothingFound } from "../parts/NothingFound.tsx";
import { PlainInput } from "../parts/PlainInput.tsx";
import { ConfidenceMark, SeverityMark, Shape } from "../parts/Severity.tsx";
import { useSteps } from "../parts/Steps.tsx";
import {
	actorsOf,
	countBySeverity,
	type Fold,
	filesOf,
	foldId,
	formatsOf,
	isFold,
	type Line,
	NO_FILTER,
	type Order,
	rulesOf,
	SEVERITIES,
	spanOf,
} from "../select/findings.ts";
import { count, plural, when } from "../select/format.ts";
import { findings, idOf, isRunning, sources } from "../store/case.ts";
import { findingsFilter, lines, openFolds, order, ruleTitle, twinsOf } from "../store/findings.ts";
import { cameFrom, href } from "../store/route.ts";
import { limitTo, range } from "../store/timeline.ts";

/** Nobody reads more at once; each is laid out again with every report while files are read. */
const SHOWN_AT_ONCE = 200;

/** Lifts the range too: a filter that passes nothing more would keep its word but show nothing. */
function showAll(): void {
	findingsFilter.value = NO_FILTER;
	if (range.value) {
		limitTo(undefined);
	}
}

export function Findings() {
	const all = findings.value;
	const list = lines.value.flatMap(unfolded);
	const { most, more } = useSteps(list.length, SHOWN_AT_ONCE);
	return (
		<>
			<Heading aside={<span class="dim num">{isRunning.value ? "still reading" : ""}</span>}>
				Findings
			</Heading>
			{all.length === 0 ? <NothingFound /> : <Filters />}
			{all.length > 0 && list.length === 0 && (
				<Empty title="No finding passes the filter.">
					<button type="button" onClick={showAll}>
						Show all {count(all.length)}
					</button>
				</Empty>
			)}
			<ul class="finding-rows" id="findings">
				{list
					.slice(0, most)
					.map((line) =>
						isFold(line) ? (
							<FoldRow key={foldId(line)} fold={line} />
						) : (
							<FindingRow key={idOf(line)} finding={line} />
						),
					)}
			</ul>
			{more}
		</>
	);
}

/** A line, and what is behind it if it is an open fold. */
const unfolded = (line: Line): Line[] =>
	isFold(line) && openFolds.value.has(foldId(line)) ? [line, ...line.findings] : [line];

const ORDERS: [Order, string][] = [
	["gravest", "Gravest first"],
	["earliest", "Earliest first"],
	["latest", "Latest first"],
	["most-rows", "Most rows first"],
];

function Filters() {
	const filter = findingsFilter.value;
	const counts = countBySeverity(findings.value);
	const toggle = (severity: Severity) => {
		const severities = new Set(filter.severities);
		if (!severities.delete(severity)) {
			severities.add(severity);
		}
		findingsFilter.value = { ...filter, severities };
	};
	return (
		<div class="filters">
			<fieldset class="chips">
				<legend class="visually-hidden">Severity</legend>
				{SEVERITIES.map((severity) => (
					<button
						type="button"
						key={severity}
						class="chip"
						aria-pressed={filter.severities.has(severity)}
						disabled={counts[severity] === 0}
						onClick={() => toggle(severity)}
					>
						<Shape severity={severity} /> {severity}{" "}
						<span class="num">{count(counts[severity])}</span>
					</button>
				))}
			</fieldset>
			<select
				aria-label="Rule"
				value={filter.rule}
				onChange={(event) =>
					(findingsFilter.value = { ...filter, rule: event.currentTarget.value })
				}
			>
				<option value="">All rules</option>
				{rulesOf(findings.value).map(([rule, n]) => (
					<option key={rule} value={rule}>
						{rule} ({n})
					</option>
				))}
			</select>
			<select
				aria-label="Order"
				value={order.value}
				disabled={isRunning.value}
				title={
					isRunning.value ? "In the order in which they are found, until all is read" : undefined
				}
				onChange={(event) => (order.value = event.currentTarget.value as Order)}
			>
				{ORDERS.map(([name, title]) => (
					<option key={name} value={name}>
						{title}
					</option>
				))}
			</select>
			<PlainInput
				class="filter-text"
				label="Text in findings"
				placeholder="Address, name, word…  ( / )"
				value={filter.text}
				onText={(text) => (findingsFilter.value = { ...filter, text })}
			/>
			{range.value && (
				<button type="button" class="chip" onClick={() => limitTo(undefined)}>
					only {when(range.value)} UTC ✕
				</button>
			)}
		</div>
	);
}

/** Many of one rule and severity in one line, which opens. */
function FoldRow({ fold }: { fold: Fold }) {
	const { rule, severity, findings: its } = fold;
	const id = foldId(fold);
	const isOpen = openFolds.value.has(id);
	const span = spanOf(its);
	const actors = actorsOf(its);
	const isOrigin = !isOpen && its.some((finding) => cameFrom("finding", idOf(finding)));
	const toggle = () => {
		const folds = new Set(openFolds.value);
		if (!folds.delete(id)) {
			folds.add(id);
		}
		openFolds.value = folds;
	};
	return (
		<li>
			<button
				type="button"
				class="finding-row fold"
				aria-expanded={isOpen}
				data-origin={isOrigin}
				onClick={toggle}
			>
				<SeverityMark severity={severity} />
				<span class="finding-main">
					<span class="finding-title">
						{ruleTitle(rule)}: {count(its.length)} more
					</span>
					<span class="finding-sub dim">
						<span class="num">{span ? `${when(span)} UTC` : "no times"}</span>
						{actors > 0 && ` · ${plural(actors, "actor")}`}
					</span>
				</span>
				<span class="fold-word">{isOpen ? "Hide" : "Show"}</span>
			</button>
		</li>
	);
}

function FindingRow({ finding }: { finding: Finding }) {
	const files = filesOf(finding, sources.value);
	const rolled = finding.includes.length;
	const hasTwins = twinsOf(finding).length > 0;
	return (
		<li>
			<a
				class="finding-row"
				href={href("finding", idOf(finding))}
				data-origin={cameFrom("finding", idOf(finding))}
			>
				<SeverityMark severity={finding.severity} />
				<span class="finding-main">
					<span class="finding-title">
						<Ev text={finding.title} />
					</span>
					<span class="finding-sub dim">
						<span class="num">{finding.when ? `${when(finding.when)} UTC` : "no times"}</span>
						{files.length > 0 && (
							<>
								{" · "}
								<Ev text={files.slice(0, 2).join(", ")} />
								{files.length > 2 && ` and ${files.length - 2} more`}
							</>
						)}
						{hasTwins && ` (${formatsOf(finding, sources.value)})`}
						{" · "}
						<span class="unbroken">{plural(finding.evidence.total, "row")}</span>
						{rolled > 0 && ` · rolls up ${plural(rolled, "more finding")}`}
					</span>
				</span>
				<ConfidenceMark confidence={finding.confidence} />
			</a>
		</li>
	);
}
