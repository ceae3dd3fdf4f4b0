// Severity, confidence and weight: each by its shape and its word, never by its colour alone.
import type { Confidence, Severity, Weight } from "../../shared/report.ts";

const SHAPES: Record<Severity, string> = {
	high: "M8 1.5 15 14H1z",
	medium: "M8 1 15 8 8 15 1 8z",
	low: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11z",
	info: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zm0 1.8a3.7 3.7 0 1 1 0 7.4 3.7 3.7 0 0 1 0-7.4z",
};

export function Shape({ severity }: { severity: Severity }) {
	return (
		<svg class={`shape sev-${severity}`} viewBox="0 0 16 16" aria-hidden="true">
			<path d={SHAPES[severity]} fill-rule="evenodd" />
		</svg>
	);
}

export function SeverityMark({ severity }: { severity: Severity }) {
	return (
		<span class={`severity sev-${severity}`}>
			<Shape severity={severity} /> {severity}
		</span>
	);
}

const LEVELS: Record<Confidence, number> = { low: 1, medium: 2, high: 3 };

/** How well it is shown: filled bars and a word. */
export function ConfidenceMark({ confidence }: { confidence: Confidence }) {
	return (
		<span class="confidence" title="How well the evidence shows it">
			<svg viewBox="0 0 14 10" aria-hidden="true">
				{[1, 2, 3].map((level) => (
					<rect
						key={level}
						x={(level - 1) * 5}
						y={10 - level * 3}
						width="3.5"
						height={level * 3}
						class={level <= LEVELS[confidence] ? "on" : "off"}
					/>
				))}
			</svg>{" "}
			{confidence} confidence
		</span>
	);
}

const WEIGHTS: Record<Weight, [string, Severity]> = {
	error: ["error", "high"],
	"data-loss": ["data lost", "medium"],
	notice: ["notice", "low"],
	info: ["info", "info"],
};

export function WeightMark({ weight }: { weight: Weight }) {
	const [word, severity] = WEIGHTS[weight];
	return (
		<span class={`severity sev-${severity}`}>
			<Shape severity={severity} /> {word}
		</span>
	);
}
