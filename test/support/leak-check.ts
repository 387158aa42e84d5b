/**
 * Fails a test that leaves a socket, server, child process or pending timer behind that was not there when it began.
 * What `beforeAll` opened for the whole file is part of the baseline.
 */
const KINDS = ['TCPSocketWrap', 'TCPServerWrap', 'PipeWrap', 'ProcessWrap', 'Timeout', 'FSEventWrap'] as const;
const POLL_MS = 20;
/** What is being closed gets so many looks: a machine that stands still takes none of them away, nor does a clock of the test. */
const LOOKS_MAX = 250;

let baseline = new Map<string, number>();

function countResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

function leaks(): string[] {
  const now = countResources();
  return KINDS.flatMap((kind) => {
    const extra = (now.get(kind) ?? 0) - (baseline.get(kind) ?? 0);
    return extra > 0 ? [`${extra} × ${kind}`] : [];
  });
}

beforeEach(() => {
  baseline = countResources();
});

afterEach(async () => {
  for (let look = 0; look < LOOKS_MAX && leaks().length > 0; look += 1)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  const left = leaks();
  if (left.length > 0) {
    throw new Error(
      `the test left something open: ${left.join(', ')}; close pools, servers, sockets, timers and child processes`,
    );
  }
});
