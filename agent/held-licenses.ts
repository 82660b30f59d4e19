import type { Answer } from '#core/documents/answer.ts';
import type { LicenseToken } from '#core/documents/license-token.ts';
import { asLicenseError, LicenseError } from '#core/errors.ts';
import type { Logger } from '#core/host/log.ts';
import { type Enrolled, subjectOf } from './enrolled.ts';
import { type HeldLicense, isOfAnotherDevice, verifyHeld } from './held-license.ts';
import type { AgentStore } from './store/agent-store.ts';
import type { LicenseRow } from './store/schema.ts';

interface Verified {
  readonly enrolled: Enrolled;
  readonly row: LicenseRow;
  readonly held: HeldLicense;
}

/** Verified licenses that are kept in memory: the device's own and those that are asked for most. */
const MOST_VERIFIED = 256;

/** What the store holds, verified whenever its bytes are not those that were verified before. */
export class HeldLicenses {
  readonly #store: AgentStore;
  readonly #log: Logger | undefined;
  /** By LicenseKey, the one that was used last at the end. */
  readonly #verified = new Map<string, Verified>();

  constructor(store: AgentStore, log: Logger | undefined) {
    this.#store = store;
    this.#log = log;
  }

  /** What is held for a LicenseKey under an enrollment, and the row it stands in. */
  async held(enrolled: Enrolled, licenseKey: string): Promise<HeldLicense> {
    const subject = subjectOf(enrolled, licenseKey);
    let row: LicenseRow | undefined;
    try {
      row = this.#store.licenses.read(subject);
      if (row === undefined) return this.#nothing(enrolled, licenseKey);
    } catch (thrown) {
      return this.#unreadable(licenseKey, thrown);
    }
    const known = this.#verified.get(licenseKey);
    const held =
      known?.enrolled === enrolled && isSame(known.row, row)
        ? known.held
        : await this.#verify(row, enrolled, licenseKey);
    this.#remember(licenseKey, { enrolled, row, held });
    return held;
  }

  /** Keeps what was verified on its way into the store. */
  remember(enrolled: Enrolled, licenseKey: string, row: LicenseRow, token: LicenseToken): void {
    const { answer } = row;
    if (answer === null) return;
    const { document } = JSON.parse(answer) as Answer;
    this.#remember(licenseKey, { enrolled, row, held: { token, document, answer } });
  }

  async #verify(row: LicenseRow, enrolled: Enrolled, licenseKey: string): Promise<HeldLicense> {
    const held = await verifyHeld(row, subjectOf(enrolled, licenseKey), enrolled.roots.all);
    if (held.fault !== undefined) {
      this.#log?.error(
        { code: held.fault.code, detail: held.fault.detail },
        'what is stored is not authentic',
      );
    }
    return held;
  }

  #remember(licenseKey: string, verified: Verified): void {
    this.#verified.delete(licenseKey);
    this.#verified.set(licenseKey, verified);
    if (this.#verified.size <= MOST_VERIFIED) return;
    for (const [oldest, { enrolled }] of this.#verified) {
      if (oldest === enrolled.subject.licenseKey) continue;
      this.#verified.delete(oldest);
      return;
    }
  }

  #nothing(enrolled: Enrolled, licenseKey: string): HeldLicense {
    this.#verified.delete(licenseKey);
    if (this.#store.damagedAt !== undefined) {
      return {
        fault: new LicenseError('store_damaged', {
          file: this.#store.file,
          problem: { en: 'it was moved aside', zh: '原文件已移走' },
        }),
      };
    }
    // A store that came from another device is full of licenses of that one.
    const isForeign =
      licenseKey === enrolled.subject.licenseKey &&
      this.#store.licenses
        .others(enrolled.subject)
        .some((text) => isOfAnotherDevice(text, enrolled.subject.jkt));
    return isForeign ? { fault: new LicenseError('answer_for_another_device') } : {};
  }

  /** A disk that fails does not end what was verified before it did. */
  #unreadable(licenseKey: string, thrown: unknown): HeldLicense {
    const fault = asLicenseError(thrown);
    if (fault.code === 'document_malformed') return { fault };
    const known = this.#verified.get(licenseKey);
    if (known === undefined) throw thrown;
    this.#log?.error({ code: fault.code, detail: fault.detail }, 'the store cannot be read');
    return known.held;
  }
}

function isSame(one: LicenseRow, other: LicenseRow): boolean {
  return one.answer === other.answer && one.denial === other.denial && one.departed === other.departed;
}
