// Why there is no finding: nothing was there to look at, or what was looked at showed nothing.
import type { Report, Source } from "../../shared/report.ts";
import { isMute, isUnread, totalEvents } from "../select/coverage.ts";
import { sourceName } from "../select/findings.ts";
import { plural } from "../select/format.ts";
import { isRunning, report } from "../store/case.ts";
import { href } from "../store/route.ts";
import { Empty } from "./Common.tsx";
import { Ev } from "./Evidence.tsx";

/** Files named before the rest is only counted. */
const MOST_NAMED = 3;

export function NothingFound() {
	const now = report.value;
	if (now && !isRunning.value && totalEvents(now) === 0n) {
		return <NothingThere report={now} />;
	}
	const rules = now?.coverage.length ?? 0;
	const blind = now?.coverage.filter((c) => c.is_blind).length ?? 0;
	return (
		<Empty title={isRunning.value ? "Nothing found yet." : "Nothing was found."}>
			{rules - blind} of {plural(rules, "rule")} had evidence to look at;{" "}
			<a href={href("coverage")}>Coverage</a> says what the others would need.
		</Empty>
	);
}

function NothingThere({ report: now }: { report: Report }) {
	const { sources } = now;
	const unread = sources.filter(isUnread);
	const mute = sources.filter((source) => isMute(source, sources));
	return (
		<Empty title="There was nothing to look at.">
			No file of this case gave a record, so no rule could find anything.
			{unread.length > 0 && (
				<p>
					In no format that is read here: <Names of={unread} among={sources} />.{" "}
					<a href={href("files")}>Files</a> says why each reader refused.
				</p>
			)}
			{mute.length > 0 && (
				<p>
					Recognised, but without a record: <Names of={mute} among={sources} />. A key log opens
					sessions of captures, and a table of networks names the owners of addresses: add the
					captures or logs that they belong to.
				</p>
			)}
		</Empty>
	);
}

function Names({ of, among }: { of: Source[]; among: Source[] }) {
	const more = of.length - MOST_NAMED;
	return (
		<>
			{of.slice(0, MOST_NAMED).map(({ id }, i) => (
				<span key={id}>
					{i > 0 && ", "}
					<Ev text={sourceName(id, among)} />
				</span>
			))}
			{more > 0 && ` and ${plural(more, "other")}`}
		</>
	);
}
