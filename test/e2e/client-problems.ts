import { failedRequests } from '../../world/demo/demo-report';
import { type TrafficReport } from '../../world/traffic';

const EXAMPLES = 5;

/** What clients have to complain about, with examples; nothing when no request failed and every promise was kept. */
export function clientProblems(clients: TrafficReport): string[] {
  const { traffic, verdict } = clients;
  const problems: string[] = [];
  const failed = failedRequests(clients);
  if (failed > 0) {
    const examples = JSON.stringify(traffic.failures.slice(0, EXAMPLES));
    problems.push(`${failed} requests failed (allowed 0): ${examples}`);
  }
  if (verdict?.clean !== true) {
    const unobserved = `${verdict?.unobserved ?? 'an unknown number'} without a usable answer`;
    const examples = JSON.stringify(verdict?.unobservedSamples ?? []);
    problems.push(`broken promises: ${JSON.stringify(verdict?.findingsByName)}, ${unobserved}: ${examples}`);
  }
  return problems;
}
