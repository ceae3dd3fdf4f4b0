// The terms of a finding, each value against its threshold.
import type { Fact, Finding } from "../../shared/report.ts";
import { Scroll, Section } from "./Common.tsx";
import { Linked } from "./Evidence.tsx";

function Outcome({ fact }: { fact: Fact }) {
	if (fact.threshold === undefined) {
		return <span class="dim">–</span>;
	}
	if (fact.is_met === undefined) {
		return <span class="outcome unknown">? not shown</span>;
	}
	return fact.is_met ? (
		<span class="outcome met">✓ met</span>
	) : (
		<span class="outcome unmet">✗ not met</span>
	);
}

/** Characters of a number with its units: `11 min 52 s`. A line does not end inside. */
const LONGEST_MEASURE = 12;

const whole = (text: string): string => (text.length <= LONGEST_MEASURE ? "unbroken" : "");

/** What a value is held against, and how that went. */
function Held({ fact }: { fact: Fact }) {
	const { threshold } = fact;
	return (
		<>
			<td data-term="threshold" class={threshold === undefined ? "lacks" : whole(threshold)}>
				{threshold ?? <span class="dim">none</span>}
			</td>
			<td class={threshold === undefined ? "lacks" : ""}>
				<Outcome fact={fact} />
			</td>
		</>
	);
}

export function Terms({ finding }: { finding: Finding }) {
	const { facts, score, subjects } = finding;
	// An inventory has nothing that is held against a threshold.
	const hasThresholds = facts.some((f) => f.threshold !== undefined);
	const hasPoints = facts.some((f) => f.points !== undefined);
	return (
		<Section
			title={hasThresholds ? "Terms against thresholds" : "Terms"}
			aside={score !== undefined && <span class="num">score {score} of 100</span>}
		>
			<Scroll label="Terms">
				<table class="terms">
					<thead>
						<tr>
							<th scope="col">Term</th>
							<th scope="col">Value</th>
							{hasThresholds && (
								<>
									<th scope="col">Threshold</th>
									<th scope="col">Outcome</th>
								</>
							)}
							<th scope="col">Basis</th>
							{hasPoints && <th scope="col">Points</th>}
						</tr>
					</thead>
					<tbody>
						{facts.map((fact) => (
							<tr key={`${fact.name}\n${fact.value}`}>
								<th scope="row">
									{fact.name}
									{fact.note && (
										<span class="fact-note dim">
											<Linked text={fact.note} subjects={subjects} />
										</span>
									)}
								</th>
								<td class={`data ${whole(fact.value)}`}>
									<Linked text={fact.value} subjects={subjects} />
								</td>
								{hasThresholds && <Held fact={fact} />}
								<td data-term="basis" class="dim">
									{fact.basis}
								</td>
								{hasPoints && (
									<td data-term="points" class={`num ${fact.points === undefined ? "lacks" : ""}`}>
										{fact.points ?? "–"}
									</td>
								)}
							</tr>
						))}
					</tbody>
				</table>
			</Scroll>
		</Section>
	);
}
