import { AsyncResource } from 'node:async_hooks';
import { type Actor } from './actor';

type Job = (actor: Actor) => Promise<void>;

/**
 * Gives each actor one thing to do at a time. Jobs for anybody wait in line when all are busy; who claims a certain actor
 * (a check) gets it as soon as it is free, before the line.
 */
export class ActorPool {
  private readonly idle: Actor[];
  private readonly line: Job[] = [];
  private readonly claims = new Map<Actor, (() => void)[]>();
  private readonly busy = new Set<Actor>();
  private drained: (() => void)[] = [];

  constructor(readonly actors: readonly Actor[]) {
    this.idle = [...actors];
  }

  /** @param choose index of an idle actor below its argument */
  submit(job: Job, choose: (bound: number) => number): void {
    const [actor] = this.idle.splice(choose(this.idle.length), 1);
    // A job that waits may be started at the end of a check, but is no part of it.
    if (actor === undefined) this.line.push(AsyncResource.bind(job));
    else this.start(actor, job);
  }

  /** Runs `job` alone with this actor, however long the line is. */
  async claim<Result>(actor: Actor, job: () => Promise<Result>): Promise<Result> {
    const at = this.idle.indexOf(actor);
    if (at >= 0) this.idle.splice(at, 1);
    else await new Promise<void>((resolve) => this.claims.set(actor, [...(this.claims.get(actor) ?? []), resolve]));
    this.busy.add(actor);
    try {
      return await job();
    } finally {
      this.release(actor);
    }
  }

  get waiting(): number {
    return this.line.length;
  }

  get working(): number {
    return this.busy.size;
  }

  /** Forgets the line. @returns how many jobs were in it */
  forget(): number {
    return this.line.splice(0).length;
  }

  /** Resolves when no actor is at work and nothing waits. */
  async whenIdle(): Promise<void> {
    if (this.busy.size > 0 || this.line.length > 0) await new Promise<void>((resolve) => this.drained.push(resolve));
  }

  private start(actor: Actor, job: Job): void {
    this.busy.add(actor);
    void job(actor).finally(() => this.release(actor));
  }

  private release(actor: Actor): void {
    this.busy.delete(actor);
    const claim = this.claims.get(actor)?.shift();
    if (claim !== undefined) {
      this.busy.add(actor);
      return claim();
    }
    const next = this.line.shift();
    if (next !== undefined) return this.start(actor, next);
    this.idle.push(actor);
    if (this.busy.size > 0) return;
    for (const resolve of this.drained.splice(0)) resolve();
  }
}
