import type { EpochSeconds } from '#core/clock.ts';
import { type Checkpoint, type CompanyReport, MOST_EARLIER_REPORTS } from '#core/documents/usage-report.ts';
import { GENESIS } from '../../store/audit.ts';
import type { AuditTable } from '../../store/schema.ts';

/**
 * Notes the places of a trail that a report names, while the trail is walked. They never move: rows are only added,
 * and the row of the report itself comes after the period.
 */
export class TrailPlaces {
  readonly #reportId: string;
  readonly #from: EpochSeconds;
  readonly #end: EpochSeconds;
  #previous: Checkpoint = { seq: 0, hash: GENESIS, at: 0 };
  #opening: Checkpoint | undefined;
  #closing: Checkpoint | undefined;
  #head: Checkpoint | undefined;
  #reports: Checkpoint[] = [];

  constructor(reportId: string, from: EpochSeconds, end: EpochSeconds) {
    this.#reportId = reportId;
    this.#from = from;
    this.#end = end;
  }

  pass({ seq, hash, at, action, subject }: AuditTable): void {
    if (at >= this.#from) this.#opening ??= this.#previous;
    if (at >= this.#end) this.#closing ??= this.#previous;
    this.#previous = { seq, hash, at };
    if (action !== 'report.create' || this.#head !== undefined) return;
    if (subject === this.#reportId) this.#head = this.#previous;
    else this.#reports.push(this.#previous);
    if (this.#reports.length > 2 * MOST_EARLIER_REPORTS)
      this.#reports = this.#reports.slice(-MOST_EARLIER_REPORTS);
  }

  get checkpoints(): CompanyReport['trail'] {
    const [opening, closing, head] = [this.#opening, this.#closing, this.#head];
    if (opening === undefined || closing === undefined || head === undefined)
      throw new Error(`the trail does not hold report ${this.#reportId}`);
    return { opening, closing, head, reports: this.#reports.slice(-MOST_EARLIER_REPORTS).reverse() };
  }
}
