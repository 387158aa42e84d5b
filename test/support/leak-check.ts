/**
 * Fails a test that leaves a socket, server, child process or pending timer behind that was not there when it began.
 * What `beforeAll` opened for the whole file is part of the baseline.
 */
const KINDS = ['TCPSocketWrap', 'TCPServerWrap', 'PipeWrap', 'ProcessWrap', 'Timeout', 'FSEventWrap'] as const;
const GRACE_MS = 3_000;
const POLL_MS = 20;

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
  const deadline = Date.now() + GRACE_MS;
  // The clock decides, not a timer of ours: a pending timer is one of the things that are counted.
  while (leaks().length > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  const left = leaks();
  if (left.length > 0) {
    throw new Error(
      `the test left something open: ${left.join(', ')}; close pools, servers, sockets, timers and child processes`,
    );
  }
});
