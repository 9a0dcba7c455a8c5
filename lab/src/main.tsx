/** Guarantee: the page mounts itself at #lab. */

import "./app.css";
import "./parts.css";
import { render } from "preact";

const place = document.getElementById("lab");
if (place) render(<main class="lab" />, place);
