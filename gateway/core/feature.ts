import { type Side } from './gateway-state';

/** The listeners that forward. */
export const LISTENERS = ['public', 'admin'] as const;
export type ListenerName = (typeof LISTENERS)[number];

/** A request that is about to be forwarded, after any hold, against the state that serves now. */
export interface FeatureRequest {
  readonly listener: ListenerName;
  readonly side: Side;
  readonly method: string;
  /** Path and query as the client sent them. */
  readonly target: string;
  /** Name, value, name, value…, as the client sent them. */
  readonly rawHeaders: readonly string[];
  /** The whole body, which is still forwarded; undefined when it is too large to be read ahead. */
  readonly body: Uint8Array | undefined;
}

/** A request's headers as its side is about to get them. */
export interface FeatureHeaders {
  readonly side: Side;
  /** Name, value, name, value…; to be changed in place. */
  readonly headers: string[];
}

export interface FeatureAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A named exception to "everything streams through unchanged". */
export interface Feature {
  readonly name: string;
  /** Cheap and synchronous: whether `onRequest` is to be asked at all. */
  concerns(listener: ListenerName, method: string, target: string): boolean;
  /** @returns an answer for the client, or `pass` to go on to the next feature and then to the side */
  onRequest(request: FeatureRequest): Promise<FeatureAnswer | 'pass'>;
}

/** A feature that answers nothing but changes what a side gets. Cheap and synchronous, both. */
export interface HeaderFeature {
  readonly name: string;
  changesHeaders(listener: ListenerName, target: string): boolean;
  onHeaders(request: FeatureHeaders): void;
}

/** A request as its side is about to get it. */
export interface ForwardedRequest {
  readonly side: Side;
  readonly target: string;
  /** Name, value, name, value… */
  readonly headers: readonly string[];
  /** The whole body; undefined when there is none, or it is too large to be read ahead. */
  readonly body: Uint8Array | undefined;
}

/** What takes the place of its parts. */
export interface Rewritten {
  readonly target?: string;
  /** With the length of the new body, when there is one. */
  readonly headers?: string[];
  readonly body?: Uint8Array;
}

/** A feature that changes what a side gets of a request. Cheap and synchronous, both. */
export interface RewriteFeature {
  readonly name: string;
  rewrites(listener: ListenerName, method: string, target: string): boolean;
  /** @returns undefined to leave it as it is */
  onForward(request: ForwardedRequest): Rewritten | undefined;
}
