// The list of findings: by severity, with filters by severity, rule and text.
import { useSignal } from "@preact/signals";
import type { Finding, Severity } from "../../shared/report.ts";
import { Empty, Heading } from "../parts/Common.tsx";
import { Ev } from "../parts/Evidence.tsx";
import { NothingFound } from "../parts/NothingFound.tsx";
import { PlainInput } from "../parts/PlainInput.tsx";
import { ConfidenceMark, SeverityMark, Shape } from "../parts/Severity.tsx";
import { countBySeverity, filesOf, NO_FILTER, rulesOf, SEVERITIES } from "../select/findings.ts";
import { plural, when } from "../select/format.ts";
import { findings, idOf, isRunning, sources } from "../store/case.ts";
import { findingsFilter, listed } from "../store/findings.ts";
import { href } from "../store/route.ts";
import { limitTo, range } from "../store/timeline.ts";

/** Nobody reads more at once; each is laid out again with every report while files are read. */
const SHOWN_AT_FIRST = 200;

export function Findings() {
	const all = findings.value;
	const list = listed.value;
	const most = useSignal(SHOWN_AT_FIRST);
	return (
		<>
			<Heading aside={<span class="dim num">{isRunning.value ? "still reading" : ""}</span>}>
				Findings
			</Heading>
			{all.length === 0 ? <NothingFound /> : <Filters />}
			{all.length > 0 && list.length === 0 && (
				<Empty title="No finding passes the filter.">
					<button type="button" onClick={() => (findingsFilter.value = NO_FILTER)}>
						Show all {all.length}
					</button>
				</Empty>
			)}
			<ul class="finding-rows" id="findings">
				{list.slice(0, most.value).map((finding) => (
					<FindingRow key={idOf(finding)} finding={finding} />
				))}
			</ul>
			{list.length > most.value && (
				<button type="button" onClick={() => (most.value = list.length)}>
					Show the other {list.length - most.value}
				</button>
			)}
		</>
	);
}

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
						<Shape severity={severity} /> {severity} <span class="num">{counts[severity]}</span>
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

function FindingRow({ finding }: { finding: Finding }) {
	const files = filesOf(finding, sources.value);
	const rolled = finding.includes.length;
	return (
		<li>
			<a class="finding-row" href={href("finding", idOf(finding))}>
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
						{" · "}
						{plural(finding.evidence.total, "row")}
						{rolled > 0 && ` · rolls up ${plural(rolled, "more finding")}`}
					</span>
				</span>
				<ConfidenceMark confidence={finding.confidence} />
			</a>
		</li>
	);
}
