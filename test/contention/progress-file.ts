import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import { type RoundResult, roundSchema } from './round-result';

/** One line of JSON for each round, written as soon as it is over: a run that is started again goes on where the last one was. */
export class ProgressFile {
  constructor(private readonly file: string | undefined) {}

  /** @returns the rounds of earlier runs; a last line that was cut off is none, and makes room for the next */
  read(): readonly RoundResult[] {
    if (this.file === undefined || !existsSync(this.file)) return [];
    const text = readFileSync(this.file, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole !== text) truncateSync(this.file, Buffer.byteLength(whole));
    const lines = whole.split('\n').filter((line) => line !== '');
    return lines.map((line) => roundSchema.parse(JSON.parse(line)));
  }

  append(round: RoundResult): void {
    if (this.file !== undefined) appendFileSync(this.file, `${JSON.stringify(round)}\n`);
  }
}
