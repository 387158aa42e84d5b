import { type Fact, type PageState } from '../page/page';

/** A fact, and how it stands when it is not as a person would expect it. */
export function fact(label: string, value: string, state?: PageState): Fact {
  return state === undefined ? { label, value } : { label, value, state };
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export function percentText(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

export function durationText(ms: number | null): string {
  if (ms === null) return 'now';
  // Rounded before it is divided: never 60 seconds beside a minute.
  const seconds = Math.round(ms / 1_000);
  return seconds < 60 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** How long something is, or goes on; no more exact than anybody cares. */
export function aboutText(ms: number): string {
  return ms < 60_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`;
}

/** `one thing`, `two things`. */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
