// Report: everything that was found and everything that could not be seen, on paper.
import { useSignal } from "@preact/signals";
import type { Finding, Report as R } from "../../shared/report.ts";
import { Empty, Heading, Scroll, Section } from "../parts/Common.tsx";
import { Ev } from "../parts/Evidence.tsx";
import { SeverityMark } from "../parts/Severity.tsx";
import { useSteps } from "../parts/Steps.tsx";
import { byCode, filesOnly } from "../select/coverage.ts";
import { sourceName } from "../select/findings.ts";
import { count, size, time, when } from "../select/format.ts";
import { canAsk, files, isRunning, report } from "../store/case.ts";
import { allWhole, useWhole } from "../store/whole.ts";
import { copyReport, saveReport } from "../store/written.ts";

/** Findings shown at once: a thousand with their rows are more than anybody scrolls through. */
const SHOWN_AT_ONCE = 50;

export function Report() {
	const now = report.value;
	const said = useSignal("");
	const copyText = async () => {
		await copyReport().then(
			() => (said.value = "Copied"),
			() => (said.value = "Not allowed"),
		);
		setTimeout(() => (said.value = ""), 1500);
	};
	const { most, more, showAll } = useSteps(now?.findings.length ?? 0, SHOWN_AT_ONCE);
	const printAll = async () => {
		showAll();
		await allWhole();
		print();
	};
	if (!now) {
		return <Empty title="There is nothing to report yet." />;
	}
	return (
		<div class="report">
			<Heading
				aside={
					<span class="no-print buttons">
						<button type="button" onClick={printAll}>
							Print
						</button>
						<button type="button" onClick={copyText} disabled={!canAsk.value}>
							{said.value || "Copy as text"}
						</button>
						<button type="button" onClick={() => saveReport("text")} disabled={!canAsk.value}>
							Save as text
						</button>
						<button type="button" onClick={() => saveReport("json")} disabled={!canAsk.value}>
							Save as JSON
						</button>
					</span>
				}
			>
				Report
			</Heading>
			{isRunning.value && (
				<p class="dim">Evidence is still being read; this is what is known so far.</p>
			)}
			<Evidence report={now} />
			{now.actors.length > 0 && (
				<Section title="Actors">
					{now.actors.map((actor, i) => (
						<p key={i}>
							<strong>
								<Ev text={actor.value} />
							</strong>
							: <Ev text={actor.statement} />
						</p>
					))}
				</Section>
			)}
			<Section title={`Findings (${count(now.findings.length)})`}>
				{now.findings.slice(0, most).map((finding) => (
					<ReportFinding key={finding.rule + finding.key} finding={finding} report={now} />
				))}
				{more && (
					<p class="dim">
						The other findings are in what is printed and saved by the buttons above. {more}
					</p>
				)}
			</Section>
			<Limits report={now} />
		</div>
	);
}

function Evidence({ report: now }: { report: R }) {
	const digests = new Map([...files.value.values()].map((f) => [f.node, f.sha256]));
	return (
		<Section title="Evidence">
			<Scroll label="Files">
				<table class="plain">
					<thead>
						<tr>
							<th scope="col">File</th>
							<th scope="col">Format</th>
							<th scope="col">Size</th>
							<th scope="col">SHA-256</th>
						</tr>
					</thead>
					<tbody>
						{filesOnly(now.sources).map((source) => (
							<tr key={source.id}>
								<td>
									<Ev text={source.name} />
								</td>
								<td>{source.format_title ?? "not recognised"}</td>
								<td class="num unbroken">{source.size === undefined ? "?" : size(source.size)}</td>
								<td class="data digest">{digests.get(source.id) ?? ""}</td>
							</tr>
						))}
					</tbody>
				</table>
			</Scroll>
			{now.networks.map((file) => (
				<p key={file.sha256}>
					Networks from <Ev text={file.name} />: <Ev text={file.about} />
					{file.built && `, built ${time(file.built)}`}
					<span class="data digest dim"> SHA-256 {file.sha256}</span>
				</p>
			))}
			<p class="dim num">
				{now.span
					? `Times from ${time(now.span.first)} to ${time(now.span.last)}, UTC.`
					: "No times."}
			</p>
		</Section>
	);
}

function ReportFinding({ finding: told, report: now }: { finding: Finding; report: R }) {
	const finding = useWhole(told);
	return (
		<section class="report-finding">
			<h3>
				<SeverityMark severity={finding.severity} /> <Ev text={finding.title} />
			</h3>
			<p class="dim num">
				{finding.rule} · {finding.confidence} confidence ·{" "}
				{finding.when ? `${when(finding.when)} UTC` : "no times"}
			</p>
			<p>
				<Ev text={finding.summary} />
			</p>
			<ul>
				{finding.facts.map((fact) => (
					<li key={fact.name}>
						{fact.name}: <Ev text={fact.value} />
						{fact.threshold && ` (threshold: ${fact.threshold}; ${outcome(fact.is_met)})`}
					</li>
				))}
			</ul>
			{finding.caveats.map(({ reading, settle }) => (
				<p key={reading}>
					<em>It could also be:</em> <Ev text={reading} /> <em>What would settle it:</em>{" "}
					<Ev text={settle} />
				</p>
			))}
			{finding.missing.length > 0 && (
				<p>
					<em>Not shown by the evidence:</em> <Ev text={finding.missing.join("; ")} />
				</p>
			)}
			<ul class="report-rows">
				{finding.evidence.rows.map((row) => (
					<li key={`${row.at.node}:${row.at.item}`}>
						<Ev text={sourceName(row.at.node, now.sources)} /> {String(row.at.item)}:{" "}
						<Ev text={row.text} />
					</li>
				))}
			</ul>
			{finding.attack.length > 0 && <p class="dim">Consistent with {finding.attack.join(", ")}.</p>}
		</section>
	);
}

const outcome = (isMet: boolean | undefined): string =>
	isMet === undefined ? "not shown" : isMet ? "met" : "not met";

function Limits({ report: now }: { report: R }) {
	return (
		<>
			<Section title="What could not be looked for">
				<ul>
					{now.coverage
						.filter((rule) => rule.is_blind)
						.map((rule) => (
							<li key={rule.rule}>
								{rule.title}: no {Object.keys(rule.reads).join(" or ")} in the evidence
							</li>
						))}
				</ul>
			</Section>
			<Section title="What could not be read">
				<ul>
					{byCode(now.notes).map((note) => (
						<li key={note.code}>
							{count(note.total)} × {note.meaning}
						</li>
					))}
				</ul>
			</Section>
		</>
	);
}
