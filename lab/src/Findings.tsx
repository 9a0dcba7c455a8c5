/** Guarantee: what keeps a network from learning is said as it appears, failures first, once each. */

import { useSignal, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Num } from "./numbers";
import type { Finding } from "./protocol";
import type { Lab, Props, Run } from "./store";
import { EachRun } from "./runs";

interface Found {
  iteration: number;
  findings: Finding[];
}

export function Findings({ lab }: Props) {
  return (
    <section class="findings" aria-labelledby={`${lab.id}-findings`} data-part="findings">
      <h2 id={`${lab.id}-findings`}>Findings</h2>
      <EachRun lab={lab} show={(run, i) => <OfRun lab={lab} run={run} index={i} />} />
    </section>
  );
}

function OfRun({ lab, run, index }: { lab: Lab; run: Run; index: number }) {
  const found = useSignal<Found | null>(null);
  const said = useRef(new Set<string>());
  useSignalEffect(() => {
    // Another scenario: what was true of the last one is not news, nor true.
    void run.scenario.value;
    said.current = new Set();
  });
  useSignalEffect(() => {
    const frame = run.figures.value;
    if (!frame?.findings) return; // they come with some frames, and stay until the next ones
    const findings = failuresFirst(frame.findings);
    const fresh = findings.filter((each) => !said.current.has(each.name));
    fresh.forEach((each) => said.current.add(each.name));
    found.value = { iteration: frame.iteration, findings };
    if (fresh.length) announce(lab, index, fresh);
  });
  const now = found.value;
  if (!now) return <p class="quiet">Not looked for yet.</p>;
  if (!now.findings.length) return <p>None of the known faults is seen.</p>;
  return (
    <ul class="found" data-iteration={now.iteration}>
      {now.findings.map((each) => (
        <One key={each.name} finding={each} />
      ))}
    </ul>
  );
}

function failuresFirst(findings: Finding[]): Finding[] {
  return [...findings].sort((a, b) => Number(b.kind === "failure") - Number(a.kind === "failure"));
}

function announce(lab: Lab, index: number, fresh: Finding[]) {
  const of = lab.runs.peek().length > 1 ? ` of run ${index + 1}` : "";
  lab.message.value = `New in the findings${of}: ${fresh.map((each) => each.name).join(", ")}.`;
}

/** Shoal's sentences begin in lower case and end without a point, to be put together. */
function sentence(text: string): string {
  const symbol = /^(d?[A-Z]|[zab]\d)/.test(text); // which keeps its letters
  const first = symbol ? text.charAt(0) : text.charAt(0).toUpperCase();
  return text && `${first}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}

function One({ finding }: { finding: Finding }) {
  const evidence = Object.entries(finding.evidence);
  return (
    <li class={finding.kind} data-finding={finding.name}>
      <p>
        <b>
          {finding.kind === "failure" ? "Failure" : "Warning"}: {finding.name}.
        </b>{" "}
        {sentence(finding.sentence)}
      </p>
      <p>
        <i>Cure:</i> {sentence(finding.cure)}
      </p>
      {evidence.length > 0 && (
        <details>
          <summary>Evidence</summary>
          <dl>
            {evidence.map(([name, value]) => (
              <>
                <dt>{name}</dt>
                <dd>
                  <Num value={value} />
                </dd>
              </>
            ))}
          </dl>
        </details>
      )}
    </li>
  );
}
