import { failedRequests } from '../../world/demo/demo-report';
import { type TrafficReport } from '../../world/traffic';

const EXAMPLES = 5;

type Failure = TrafficReport['traffic']['failures'][number];

/**
 * What clients have to complain about, with examples; nothing when no request failed and every promise was kept.
 *
 * @param isLimit of a failure that docs/limits.md names
 */
export function clientProblems(clients: TrafficReport, isLimit: (failure: Failure) => boolean = () => false): string[] {
  const { traffic, verdict } = clients;
  const problems: string[] = [];
  const unnamed = traffic.failures.filter((failure) => !isLimit(failure));
  const failed = failedRequests(clients) - (traffic.failures.length - unnamed.length);
  if (failed > 0) {
    const examples = JSON.stringify(unnamed.slice(0, EXAMPLES));
    problems.push(`${failed} requests failed (allowed 0): ${examples}`);
  }
  if (verdict?.clean !== true) problems.push(`broken promises: ${JSON.stringify(verdict?.findingsByName)}`);
  return problems;
}
