// The page's beginning: styles, listeners, the frame, and a pair of workers warming up.
import { render } from "preact";
import { watchKeys } from "./keys.ts";
import { watchCopies } from "./store/copy.ts";
import { watchDrops } from "./store/intake.ts";
import { watchLeaving, watchTitle } from "./store/leaving.ts";
import { countRequests } from "./store/look.ts";
import "./style/base.css";
import "./style/shell.css";
import "./style/views.css";
import "./style/data.css";
import "./style/evidence.css";
import { Shell } from "./views/Shell.tsx";
import { warmUp } from "./workers.ts";

const root = document.getElementById("page");
if (root) {
	render(<Shell />, root);
}
countRequests();
watchCopies();
watchDrops();
watchKeys();
watchTitle();
watchLeaving();
warmUp();
