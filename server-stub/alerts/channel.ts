import type { EpochSeconds } from '#core/clock.ts';
import type { Bilingual, Language } from '#core/errors.ts';
import type { AlertType, SentEvent } from './alert-event.ts';
import type { AlertChannelConfig } from './channel-config.ts';
import type { Message } from './compose-message.ts';

/** What a receiver made of what was sent to it. */
export type Receipt =
  | { readonly delivered: true /** What it answered, for people. */; readonly answer: string }
  | {
      readonly delivered: false;
      readonly problem: Bilingual;
      /** Whether it would take nothing else now either: it is silent, overloaded or asks for patience. */
      readonly unavailable: boolean;
      readonly retryAfterSeconds?: number | undefined;
    };

/**
 * Sends one thing; expected failures are receipts. Rejects only where `ended` aborts.
 *
 * @param at the wall clock, for signatures
 */
export type Send<What> = (what: What, at: EpochSeconds, ended: AbortSignal) => Promise<Receipt>;

interface Receiver {
  readonly name: string;
  readonly kind: AlertChannelConfig['kind'];
  readonly language: Language;
  /** Without a company: of any. */
  wants(type: AlertType, cid?: string): boolean;
  /** Ends its connections. */
  close(): Promise<void>;
}

/** A program, which gets every event by itself. */
export interface ProgramChannel extends Receiver {
  readonly audience: 'program';
  readonly send: Send<SentEvent>;
}

/** People, who get what happened together as one message. */
export interface PeopleChannel extends Receiver {
  readonly audience: 'people';
  readonly send: Send<Message>;
}

export type Channel = ProgramChannel | PeopleChannel;
