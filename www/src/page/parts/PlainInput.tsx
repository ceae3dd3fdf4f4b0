// A field whose content no spelling service, memory or translator of the browser gets to see.

interface PlainInputProps {
	value: string;
	onText: (text: string) => void;
	/** Shown beside the field. */
	caption?: string;
	/** Said of the field, where nothing is shown beside it. */
	label?: string;
	placeholder?: string;
	class?: string;
}

export function PlainInput({
	value,
	onText,
	caption,
	label,
	placeholder,
	class: name,
}: PlainInputProps) {
	const input = (
		<input
			type="text"
			class={name ?? ""}
			value={value}
			aria-label={label}
			placeholder={placeholder}
			spellcheck={false}
			autocomplete="off"
			autocapitalize="off"
			translate={false}
			onInput={(event) => onText(event.currentTarget.value)}
		/>
	);
	return caption ? (
		// biome-ignore lint/a11y/noLabelWithoutControl: it holds its control.
		<label>
			{caption} {input}
		</label>
	) : (
		input
	);
}
